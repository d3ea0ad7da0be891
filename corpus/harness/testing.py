"""How the tests of the corpus are run: a package's own command, or the regression tests."""

from __future__ import annotations

import shlex
from pathlib import Path

from harness import services
from harness.manifest import Package, StdlibModule
from isolate_ext.verify import environments
from isolate_ext.verify.builds import RECORDER, Build
from isolate_ext.verify.test_runs import TestRun, run_tests


def package_tests(package: Package, built: Build, folder: Path) -> TestRun:
    """Run the project's own test command in its built source tree."""
    venv = Path(built.venv)
    environment = {
        **environments.variables(venv),
        **package.test.environment,
        "PYTEST_ADDOPTS": f"-p {RECORDER.stem}",
    }
    with services.running(package.test.services, built_data(built)):
        return run_tests(package.test.command, built, Path(built.source), environment, folder)


def built_data(built: Build) -> Path:
    """Where servers keep their data: beside all builds."""
    return Path(built.venv).parents[2] / "services"


def stdlib_tests(module: StdlibModule, built: Build, tree: Path, folder: Path) -> TestRun:
    """Run the regression tests of the source tree, the built library first on the path."""
    library = str(Path(built.libraries[0].path).parent)
    python = [built.python, "-m", "test", "-v", *module.test_options]
    lines = [shlex.join([*python, *_options_first(test)]) for test in module.tests]
    environment = {
        **environments.variables(Path(built.python).parent.parent),
        "PYTHONPATH": f"{library}:{tree / 'Lib'}",
    }
    command = "; ".join(f"{line} || status=1" for line in lines) + "; exit $((status+0))"
    folder.mkdir(parents=True, exist_ok=True)
    return run_tests(command, built, folder, environment, folder)


def _options_first(test: str) -> list[str]:
    name, *options = shlex.split(test)
    return [*options, name]
