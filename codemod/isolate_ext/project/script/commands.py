"""A project's own build_ext command: what its methods do to the extensions, evaluated like the
script."""

from __future__ import annotations

from isolate_ext.project.script import access
from isolate_ext.project.script.frame import Run, SetupCall
from isolate_ext.project.script.values import (
    Bound,
    Builtin,
    Class,
    Dotted,
    Function,
    Instance,
    PyDict,
    PyList,
    StaticRaise,
    TooLong,
    Unknown,
    Value,
)

UNSET = (
    "include_dirs",
    "define",
    "undef",
    "libraries",
    "library_dirs",
    "rpath",
    "link_objects",
    "debug",
    "force",
    "compiler",
    "swig",
    "swig_cpp",
    "swig_opts",
    "user",
    "parallel",
    "plat_name",
    "build_lib",
    "inplace",
)


def method(run: Run, receiver: Instance, name: str, *args: Value) -> Value:
    found = receiver.cls.find(name)
    if isinstance(found, (Function, Builtin)):
        return run.call(Bound(found, receiver), list(args))
    return None


def base_initialise(run: Run, args: list[Value], keywords: PyDict) -> None:
    args[0].attrs.update(dict.fromkeys(UNSET))


def base_finalise(run: Run, args: list[Value], keywords: PyDict) -> None:
    attrs = args[0].attrs
    for name in ("include_dirs", "library_dirs", "libraries", "rpath", "define", "undef"):
        if not isinstance(attrs.get(name), PyList):
            attrs[name] = run.new_list()
    attrs.update(build_temp="build/temp", build_lib="build/lib")


def base_run(run: Run, args: list[Value], keywords: PyDict) -> None:
    from isolate_ext.project.script.known import compiler

    args[0].attrs["compiler"] = compiler(run, [], PyDict())
    method(run, args[0], "build_extensions")


def base_build_all(run: Run, args: list[Value], keywords: PyDict) -> None:
    for extension in access.items(args[0].attrs["extensions"]):
        method(run, args[0], "build_extension", extension)


def base_nothing(run: Run, args: list[Value], keywords: PyDict) -> None:
    return None


BUILD_EXT = Class(
    "build_ext",
    (Dotted("setuptools.command.build_ext"),),
    {
        "user_options": PyList(),
        "boolean_options": PyList(),
        "help_options": PyList(),
        "__init__": Builtin("__init__", base_nothing),
        "initialize_options": Builtin("initialize_options", base_initialise),
        "finalize_options": Builtin("finalize_options", base_finalise),
        "run": Builtin("run", base_run),
        "build_extensions": Builtin("build_extensions", base_build_all),
        "build_extension": Builtin("build_extension", base_nothing),
        "announce": Builtin("announce", base_nothing),
        "check_extensions_list": Builtin("check", base_nothing),
        "swig_sources": Builtin(
            "swig_sources", lambda run, args, keywords: args[1] if len(args) > 1 else None
        ),
    },
)


def run_build_ext(run: Run, call: SetupCall, extensions: list[Instance]) -> None:
    """Evaluate cmdclass["build_ext"] of the setup() call on its extensions; nothing for the
    ordinary one."""
    commands = call.keywords.get("cmdclass")
    command = commands.get("build_ext") if isinstance(commands, PyDict) else None
    if not isinstance(command, Class) or command is BUILD_EXT or not command.derives(BUILD_EXT):
        return
    metadata = Instance(
        Class("metadata", (), {}),
        {k: call.keywords[k] for k in ("name", "version") if k in call.keywords},
    )
    distribution = Instance(
        Class("Distribution", (), {}),
        {
            "ext_modules": PyList(extensions),
            "metadata": metadata,
            "script_args": PyList(),
            "verbose": 0,
        },
    )
    names = PyDict((e.attrs["name"], e) for e in extensions if isinstance(e.attrs.get("name"), str))
    receiver = Instance(
        command,
        {
            "extensions": PyList(extensions),
            "distribution": distribution,
            "ext_map": names,
            "verbose": 0,
        },
    )
    step = "__init__"
    try:
        for step in ("__init__", "initialize_options", "finalize_options", "run"):
            method(run, receiver, step, *([distribution] if step == "__init__" else []))
    except StaticRaise as error:
        run.note(f"{call.path}: reading of {command.name}.{step}() stopped: {error}")
    except (TooLong, RecursionError):
        run.note(
            f"{call.path}: reading of {command.name}.{step}() stopped: it takes too many steps"
        )
    spread(run, receiver, extensions)


def spread(run: Run, receiver: Instance, extensions: list[Instance]) -> None:
    """Add the include folders and macros of the command and its compiler to every extension."""
    sources = [receiver.attrs, getattr(receiver.attrs.get("compiler"), "attrs", {})]
    for mine, theirs in (
        ("include_dirs", "include_dirs"),
        ("define", "define_macros"),
        ("undef", "undef_macros"),
    ):
        given = [
            item
            for attrs in sources
            if isinstance(attrs.get(mine), (PyList, Unknown))
            for item in access.items(attrs[mine], keep=True)
        ]
        for extension in extensions:
            owner = extension.attrs.get(theirs)
            if isinstance(owner, PyList):
                owner.extend(item for item in given if item not in owner)
