"""The compiler as seen by a build: logs every call, and does none twice.

Called as ``compiler_shim.py COMPILER ARGS...``. An object whose preprocessed text and arguments
were compiled before is copied from the cache, its warnings repeated. Environment:
ISOLATE_EXT_CC_LOG names the log (one JSON object a line), ISOLATE_EXT_CC_CACHE the folder of
objects, ISOLATE_EXT_SOURCE the tree that is built: debug information names its files below
SOURCE_ROOT, so that it is the same wherever the tree lies.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

SOURCES = (".c", ".cc", ".cpp", ".cxx")
SOURCE_ROOT = "/isolate-ext-source"


def main(compiler, args):
    """Compile, or copy; the status is that of the compiler."""
    cache = os.environ.get("ISOLATE_EXT_CC_CACHE")
    key = _key(compiler, args) if cache else None
    if key is None:
        status, text, cached = *_compile(compiler, args), False
    else:
        status, text, cached = _cached(compiler, args, os.path.join(cache, key[:2], key))
    sys.stderr.buffer.write(text)
    log = os.environ.get("ISOLATE_EXT_CC_LOG")
    if log:
        line = (
            json.dumps(
                {
                    "args": args,
                    "cwd": os.getcwd(),
                    "status": status,
                    "cached": cached,
                    "text": text.decode("utf-8", "replace"),
                }
            )
            + "\n"
        )
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)
    return status


def _compile(compiler, args):
    tree = os.environ.get("ISOLATE_EXT_SOURCE")
    compiles = any(arg.endswith(SOURCES) for arg in args)
    mapped = [f"-fdebug-prefix-map={tree}={SOURCE_ROOT}"] if tree and compiles else []
    done = subprocess.run([compiler, *args, *mapped], stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr


def _cached(compiler, args, stored):
    target = args[args.index("-o") + 1]
    if os.path.exists(stored + ".o"):
        shutil.copyfile(stored + ".o", target)
        with open(stored + ".txt", "rb") as file:
            return 0, file.read(), True
    status, text = _compile(compiler, args)
    if status == 0 and os.path.exists(target):
        os.makedirs(os.path.dirname(stored), exist_ok=True)
        with open(stored + ".txt", "wb") as file:
            file.write(text)
        part = f"{stored}.{os.getpid()}"
        shutil.copyfile(target, part)
        os.replace(part, stored + ".o")
    return status, text, False


def _key(compiler, args):
    """The hash of one translation unit as the compiler sees it; None where there is not one."""
    sources = [arg for arg in args if arg.endswith(SOURCES)]
    if "-c" not in args or "-o" not in args or len(sources) != 1 or "-MD" in args:
        return None
    where = args.index("-o")
    rest = [arg for arg in (*args[:where], *args[where + 2 :]) if arg != "-c"]
    done = subprocess.run([compiler, *rest, "-E"], capture_output=True, check=False)
    if done.returncode != 0:
        return None
    here = os.fsencode(os.getcwd())
    root = SOURCE_ROOT if os.environ.get("ISOLATE_EXT_SOURCE") else ""
    seen = "\0".join([compiler, *rest, root]).encode("utf-8", "surrogateescape")
    if os.environ.get("VIRTUAL_ENV"):
        seen = seen.replace(os.fsencode(os.environ["VIRTUAL_ENV"]), b"@")
    text = done.stdout.replace(here, b".")
    return hashlib.sha256(seen.replace(here, b".") + b"\0" + text).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
