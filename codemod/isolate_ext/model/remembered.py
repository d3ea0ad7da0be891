"""Facts that are derived from a model once, however often they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Rememberer(Protocol):
    """What keeps the facts that are derived from it."""

    @property
    def remembered(self) -> dict[Any, Any]:
        """Results by function and arguments."""
        ...


_Owner = TypeVar("_Owner", bound=Rememberer)
_Rest = ParamSpec("_Rest")
_Result = TypeVar("_Result")


def remembered(
    derive: Callable[Concatenate[_Owner, _Rest], _Result],
) -> Callable[Concatenate[_Owner, _Rest], _Result]:
    """Let the first argument keep what the function makes of it and the others, which are hashable.

    The result is shared by all who ask, so nobody may change it.
    """

    @wraps(derive)
    def ask(owner: _Owner, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> _Result:
        key = (derive, *args, *kwargs.items()) if kwargs else (derive, *args)
        known = owner.remembered
        if key in known:
            result: _Result = known[key]
        else:
            result = known[key] = derive(owner, *args, **kwargs)
        return result

    return ask
