"""Every document that is printed fits the schema that is shipped."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from legacy import clean, setup_py, stubborn, write_tree

from isolate_ext.cli.guard import guarded


def schema() -> Any:
    return json.loads(files("isolate_ext.report").joinpath("schema.json").read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    script = setup_py("spam", "eggs", "ham: ham.cpp")
    tree = {
        "p/setup.py": script,
        "p/spam.c": clean(),
        "p/eggs.c": stubborn("eggs"),
        "p/ham.cpp": "x",
    }
    yield write_tree(tmp_path / "projects", dict(tree))


def check(text: str) -> Any:
    found = json.loads(text)
    jsonschema.validate(found, schema())
    return found


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["migrate", "{p}", "--dry-run", "--no-compile"], 3),
        (["migrate", "{p}", "--no-compile"], 3),
        (["migrate", "{p}/spam.c", "--dry-run"], 1),
        (["migrate", "{p}/nowhere"], 2),
        (["audit", "{p}"], 3),
        (["audit", "{p}/spam.c"], 1),
        (["audit", "{p}/nowhere"], 2),
        (["discover", "{p}"], 0),
        (["parse", "{p}", "--stats"], 0),
        (["rules"], 0),
        (["rule", "static-type"], 0),
        (["rule", "nonsense"], 2),
        (["batch", "{p}/..", "--dry-run", "--no-compile"], 3),
    ],
)
def test_documents(
    words: list[str], code: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("{p}", str(project / "p")) for word in words]
    assert guarded([*given, "--output-format", "json"]) == code
    found = check(capsys.readouterr().out)
    assert found["exit_code"] == code
    assert found["exit_reason"]
    assert found["command"] == words[0]


def test_an_internal_error_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(words: object) -> int:
        raise RuntimeError("a fault")

    assert guarded(["migrate", "--output-format=json"], fail) == 70
    out, err = capsys.readouterr()
    assert check(out)["exit_code"] == 70
    assert "a fault" in err
    assert "Traceback" not in err


def test_what_is_not_in_the_schema_does_not_pass() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": 1, "new": Counter()}, schema())
