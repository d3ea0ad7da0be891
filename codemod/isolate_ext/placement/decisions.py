"""What placement decides: fields of the module state, moved types, routes to the state."""

from __future__ import annotations

from enum import Enum

import msgspec

from isolate_ext.model.channels import Channel
from isolate_ext.model.confined import Escape
from isolate_ext.model.entities import Definition, Identifier, Kind, Struct, Use, Variable
from isolate_ext.model.found_module import FoundModule
from isolate_ext.model.identifier_flow import Sink
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.makings import Making
from isolate_ext.model.roles import Role
from isolate_ext.model.sequences import StructSequence
from isolate_ext.model.types import StaticType
from isolate_ext.placement.carriers import Registration
from isolate_ext.placement.choices import Choice
from isolate_ext.placement.closures import ClosureReader
from isolate_ext.placement.contexts import Context
from isolate_ext.placement.converters import Conversion
from isolate_ext.placement.frames import Frame
from isolate_ext.placement.init_guards import InitGuard
from isolate_ext.placement.once import FilledOnce
from isolate_ext.placement.pairs import Pair
from isolate_ext.placement.refusals import Refusal
from isolate_ext.placement.tables import LocalTable
from isolate_ext.syntax import Condition, Node


class Level(Enum):
    """Where a global belongs (handbook section 3)."""

    PROCESS = "process"
    RUNTIME = "runtime"
    INTERPRETER = "interpreter"
    THREAD = "thread"
    CONTEXT = "context"
    MODULE = "module"


class StateField(msgspec.Struct, frozen=True, eq=False):
    """A member of the module state.

    ``owned`` members are visited and cleared; ``members`` are the object pointers inside a struct.
    """

    name: str
    declaration: str
    kind: Kind
    symbol: str
    owned: bool
    conditions: tuple[Condition, ...]
    arrays: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    needs: str = ""


class Strings(msgspec.Struct):
    """What becomes of the identifiers of an extension.

    ``members`` are the state's members by text, ``by_name`` the sinks that take a C string,
    ``parameters`` those of own functions that take an object from now on.
    """

    members: dict[str, StateField] = msgspec.field(default_factory=dict)
    by_object: list[Sink] = msgspec.field(default_factory=list)
    by_name: list[Sink] = msgspec.field(default_factory=list)
    parameters: list[tuple[str, int]] = msgspec.field(default_factory=list)
    gone: list[Identifier] = msgspec.field(default_factory=list)
    stays: list[Stay] = msgspec.field(default_factory=list)


class RouteKind(Enum):
    """How a function reaches the state (handbook section 2)."""

    EXEC = "it is the exec function"
    MODULE = "a parameter is the module"
    PARAMETER = "its callers pass the state"
    INSTANCE = "by definition, from an instance"
    TYPE = "by definition, from a type"
    EITHER = "by definition, from any operand"
    TEARDOWN = "from the type, which may be torn down"
    MODULE_OR_INSTANCE = "a parameter is the module or an instance"
    CONTEXT = "a struct of the extension's own that it gets carries the state"
    FRAME = "what takes the place of its data for the length of a call leads to the state"
    PAIR = "the module comes with the data that it is registered with"
    CARRIER = "the callable that it is registered with carries the module"
    CONVERTED = "by definition, from the object that is converted, if it is of the module"
    ARGUMENT = "with the place that it converts to"
    OWNER = "from the one module of the process that is loaded"
    GLOBAL = "not at all; the static state is used"


BY_TYPE = frozenset(
    {
        RouteKind.INSTANCE,
        RouteKind.TYPE,
        RouteKind.EITHER,
        RouteKind.MODULE_OR_INSTANCE,
        RouteKind.CONVERTED,
    }
)
"""The routes that look a type's module up by the module definition."""

BY_REGISTRATION = frozenset(
    {
        RouteKind.CARRIER,
        RouteKind.CONTEXT,
        RouteKind.FRAME,
        RouteKind.PAIR,
        RouteKind.ARGUMENT,
    }
)
"""The routes that every place which hands the function over has a part in."""


class Route(msgspec.Struct, frozen=True):
    """A way to the state and the C expressions it starts from, casts included.

    ``bail`` is the statement that leaves the function where there is no state.
    """

    kind: RouteKind
    sources: tuple[str, ...] = ()
    bail: str = ""


class Stay(msgspec.Struct, frozen=True):
    """A variable that keeps static storage, at which level, and why that is sound.

    ``shared`` says that interpreters with their own GIL would race on it, and ``conditions`` under
    which `#if` it exists at all.
    """

    symbol: str
    level: Level
    why: str
    shared: bool = False
    conditions: tuple[str, ...] = ()


class Adopted(msgspec.Struct, frozen=True, eq=False):
    """A state struct that the extension has already.

    ``accessors`` are macros and functions that find it through `PyState_FindModule`;
    ``module_accessor`` is one that takes the module, ``singleton`` a static instance of the struct.
    """

    struct: Struct
    name: str
    accessors: frozenset[str]
    module_accessor: str | None
    singleton: Variable | None = None


class Names(msgspec.Struct, frozen=True):
    """Every name that the migration brings in, fresh in all scopes it enters.

    ``taken`` are those of the extension, and these.
    """

    state_struct: str
    variable: str
    module_accessor: str
    type_accessor: str
    operand_accessor: str
    teardown_accessor: str
    global_accessor: str
    stand_in: str
    global_variable: str
    exec_function: str
    slots: str
    traverse: str
    clear: str
    free: str
    ready: str
    converter_argument: str
    callback_argument: str
    filled: str
    filling: str
    loaded: str
    owner_accessor: str
    keep: str
    taken: frozenset[str]


class Decisions(msgspec.Struct, eq=False):
    """The whole placement of one extension; complete when ``refusals`` is empty.

    ``scratch`` are local statics that become automatic;
    ``specs`` are types made from specs already;
    ``tables`` are those that become local to a function, ``fixed_tables`` says why others do not;
    ``module_global`` is the key of a global that keeps the module itself;
    ``guards`` are flags of the init function, which are members up to the last stage only;
    ``generated_routes`` are those of functions in generated files, which are not edited;
    ``modules`` says how a function that runs during init names the module, and
    ``module_threaded`` which of them get it as a parameter named ``module_parameter``;
    ``makings`` are calls that make functions and bind the module to them;
    ``resources`` are hooks of the process, for which the module is loaded once;
    ``limited`` says that the extension may be built for the limited API;
    ``chosen`` are the user's decisions by the key of a variable or type.
    """

    init: ModuleInit
    names: Names
    adopted: Adopted | None
    fields: dict[str, StateField] = msgspec.field(default_factory=dict)
    types: dict[str, StaticType] = msgspec.field(default_factory=dict)
    all_types: dict[str, StaticType] = msgspec.field(default_factory=dict)
    sequences: dict[str, StructSequence] = msgspec.field(default_factory=dict)
    tables: dict[str, LocalTable] = msgspec.field(default_factory=dict)
    fixed_tables: dict[str, Escape] = msgspec.field(default_factory=dict)
    closures: list[ClosureReader] = msgspec.field(default_factory=list)
    stays: list[Stay] = msgspec.field(default_factory=list)
    scratch: list[Variable] = msgspec.field(default_factory=list)
    routes: dict[Definition, Route] = msgspec.field(default_factory=dict)
    threaded: set[str] = msgspec.field(default_factory=set)
    registrations: list[Registration] = msgspec.field(default_factory=list)
    contexts: list[Context] = msgspec.field(default_factory=list)
    frames: list[Frame] = msgspec.field(default_factory=list)
    pairs: list[Pair] = msgspec.field(default_factory=list)
    conversions: list[Conversion] = msgspec.field(default_factory=list)
    type_checks: dict[Definition, tuple[Node, ...]] = msgspec.field(default_factory=dict)
    channels: list[Channel] = msgspec.field(default_factory=list)
    teardown: set[str] = msgspec.field(default_factory=set)
    module_global: str | None = None
    specs: dict[str, StaticType] = msgspec.field(default_factory=dict)
    generated_routes: dict[Definition, Route] = msgspec.field(default_factory=dict)
    modules: dict[Definition, str] = msgspec.field(default_factory=dict)
    module_threaded: set[str] = msgspec.field(default_factory=set)
    makings: list[Making] = msgspec.field(default_factory=list)
    module_parameter: str = "module"
    roles: dict[str, list[Role]] = msgspec.field(default_factory=dict)
    found_modules: list[FoundModule] = msgspec.field(default_factory=list)
    strings: Strings = msgspec.field(default_factory=lambda: Strings())
    guards: dict[str, InitGuard] = msgspec.field(default_factory=dict)
    once: FilledOnce | None = None
    resources: list[Refusal] = msgspec.field(default_factory=list)
    limited: bool = False
    chosen: dict[str, Choice] = msgspec.field(default_factory=dict)
    refusals: list[Refusal] = msgspec.field(default_factory=list)

    def claims(self, use: Use) -> bool:
        """Whether a use stands in a table or a row that is edited, or refused, as a whole."""
        if use.holder in self.tables or use.holder in self.fixed_tables:
            return True
        return any(use is other for each in self.closures for _, other in each.rows)

    @property
    def at_once(self) -> bool:
        """Nothing changes before the last stage: its own state is reached in several ways."""
        own = self.adopted
        return own is not None and (self.init.multi_phase or own.singleton is not None)

    @property
    def complete(self) -> bool:
        return not self.refusals

    @property
    def ways(self) -> set[RouteKind]:
        """The kinds of routes that functions take, those in generated code included."""
        return {each.kind for each in (self.routes | self.generated_routes).values()}

    @property
    def borrowing(self) -> list[Making]:
        """Functions made where the module is at hand through the state alone."""
        return [
            each
            for each in self.makings
            if each.inside is not self.init.creator and each.inside not in self.modules
        ]

    @property
    def borrows_module(self) -> bool:
        """Whether the state keeps the module it belongs to."""
        return bool(self.registrations or self.pairs or self.borrowing)
