"""Where a type is made, and whether its spec is declared there (handbook pattern 63)."""

from __future__ import annotations

from isolate_ext.engine import Pass
from isolate_ext.model.entities import Declaration
from isolate_ext.model.types import StaticType
from isolate_ext_rules.include_order import read_before
from isolate_ext_rules.type_names import spec_name
from isolate_ext_rules.type_ready import creation_sites


def needs_spec_declaration(pass_: Pass, type_: StaticType, path: str) -> bool:
    """Whether the type is made before its spec is defined, or in another file."""
    home = type_.home
    return any(
        site_path != home.path or offset < home.start
        for site_path, offset in creation_sites(pass_, type_)
    )


def is_static(pass_: Pass, type_: StaticType) -> bool:
    """Whether only one translation unit names the spec."""
    return not _made_elsewhere(pass_, type_) and (
        type_.home.static
        or not any(
            not each.static and needs_spec_declaration(pass_, type_, each.path)
            for each in _forwards(type_)
        )
    )


def late_declarations(pass_: Pass) -> list[str]:
    """Declarations of the specs that nothing declares where their types are made."""
    late = [
        type_
        for type_ in pass_.decisions.types.values()
        if not all(_seen_at(pass_, type_, *site) for site in creation_sites(pass_, type_))
    ]
    return [
        f"{'static' if is_static(pass_, each) else 'extern'} PyType_Spec "
        f"{spec_name(pass_.decisions, each)};"
        for each in late
    ]


def _made_elsewhere(pass_: Pass, type_: StaticType) -> bool:
    units = pass_.extension.units_of([type_.home.path])
    return any(
        units != pass_.extension.units_of([path]) for path, _ in creation_sites(pass_, type_)
    )


def _forwards(type_: StaticType) -> list[Declaration]:
    """Declarations of the type that become ones of its spec."""
    every = (*type_.variable.definitions, *type_.variable.declarations)
    return [each for each in every if each is not type_.home and each.siblings == 1]


def _seen_at(pass_: Pass, type_: StaticType, path: str, offset: int) -> bool:
    """Whether the definition or a declaration is read before a place, in all that read it."""
    units = pass_.extension.units_of([path])
    return any(
        read_before(pass_, (each.path, each.start), {path: offset}, units)
        for each in (type_.home, *_forwards(type_))
    )
