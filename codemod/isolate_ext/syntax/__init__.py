"""From bytes to tree: what the C parser sees of a source, and the trees it makes of it."""

from isolate_ext.syntax.conditionals import Branch, Condition, Group, apart
from isolate_ext.syntax.directives import Define, Include
from isolate_ext.syntax.environment import MacroEnvironment, decided_by
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.inclusion import resolve_include
from isolate_ext.syntax.nodes import Glimpse, Node
from isolate_ext.syntax.parsed import Parsed
from isolate_ext.syntax.parsing import parse
from isolate_ext.syntax.scanning import Scan, scan
from isolate_ext.syntax.source import Source
from isolate_ext.syntax.stats import Statistics, statistics
from isolate_ext.syntax.writing import StandIn

__all__ = [
    "Branch",
    "Condition",
    "Define",
    "Fence",
    "Glimpse",
    "Group",
    "Include",
    "MacroEnvironment",
    "Node",
    "Parsed",
    "Scan",
    "Source",
    "StandIn",
    "Statistics",
    "apart",
    "decided_by",
    "parse",
    "resolve_include",
    "scan",
    "statistics",
]
