"""Docs for descriptors of struct sequences that have none.

`PyStructSequence_NewType` of Python 3.9.0 to 3.9.2 copies the doc without asking whether it is
NULL, and crashes.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Declaration, Use
from isolate_ext.model.initialisers import fields_of
from isolate_ext.syntax import Node


def give_docs(pass_: Pass) -> None:
    """An empty doc for each descriptor that a struct sequence is made by and that has NULL."""
    groups: dict[Declaration, str] = {}
    for sequence in pass_.decisions.sequences.values():
        for use, call in sequence.made:
            descriptor = _descriptor(pass_, use, call)
            if descriptor is not None:
                groups.setdefault(descriptor, f"type:{sequence.key}")
    for descriptor, group in groups.items():
        _give_doc(pass_, descriptor, group)


def _descriptor(pass_: Pass, use: Use, call: Node) -> Declaration | None:
    """The definition of what the call's second argument is the address of."""
    arguments = call.child("arguments")
    named = arguments.named[1].child("argument") if arguments is not None else None
    found = pass_.extension.variable_named(named.str, use.path) if named is not None else None
    return found.home if found is not None else None


def _give_doc(pass_: Pass, descriptor: Declaration, group: str) -> None:
    parsed, path = pass_.parsed(descriptor.path), descriptor.path
    fields = {each.field: each for each in fields_of(parsed, descriptor)}
    doc, name, after = fields.get("doc"), fields.get("name"), fields.get("fields")
    if doc is not None and doc.empty:
        start, end = doc.value.start, doc.value.end
        pass_.replace(path, start, end, b'""', group, Stage.HEAP_TYPES)
    elif doc is None and name is not None and after is not None:
        between = parsed.source.data[name.end : after.start]
        comma = between if re.fullmatch(rb",\s+", between) else b", "
        pass_.replace(path, name.end, name.end, comma + b'.doc = ""', group, Stage.HEAP_TYPES)
