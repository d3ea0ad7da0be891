"""The oldest Python that the migrated code supports, and saying so in the project's own files."""

from __future__ import annotations

from isolate_ext.project import Discovery, build_files, python_floor, raise_floor

LOWEST = (3, 9)


def floor_of(discovery: Discovery, target: tuple[int, int] | None) -> tuple[int, int]:
    """``target``, else what requires-python allows, else 3.9; never below 3.9."""
    if target is not None:
        return max(target, LOWEST)
    declared = python_floor(discovery)
    if declared.specifier is None or declared.version is None:
        return LOWEST
    return max(declared.version, LOWEST)


def raise_declared(
    discovery: Discovery, floor: tuple[int, int]
) -> tuple[dict[str, tuple[bytes, bytes]], str | None]:
    """The build files that must change, before and after, and one line about it."""
    files = build_files(discovery.root)
    changed = raise_floor(files, floor)
    declared = python_floor(discovery)
    named = declared.specifier is not None and declared.version is not None
    wanted = f"{floor[0]}.{floor[1]}"
    if named and declared.version is not None and declared.version >= floor:
        return {}, None
    says = f"requires-python {declared.specifier}" if named else "no requires-python"
    if changed:
        line = f"Python floor: {says}, now >={wanted}, in {', '.join(sorted(changed))}"
    else:
        line = f"Python floor: {says}; the migrated code needs >={wanted}: declare it"
    return {path: (files[path], text) for path, text in changed.items()}, line
