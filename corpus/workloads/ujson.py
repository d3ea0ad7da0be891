"""Documents there and back, with hooks of the caller."""

import io


class Known:
    """Describes itself."""

    def __json__(self):
        return "[1]"


def work(module):
    text = module.dumps({"a": [1, 2.5, None, True, "\u20ac"], "b": {"c": "d"}}, indent=1)
    assert module.loads(text) == {"a": [1, 2.5, None, True, "\u20ac"], "b": {"c": "d"}}
    assert module.dumps(Known()) == "[1]"
    assert module.dumps({1, 2} and 5j, default=str) == '"5j"'
    file = io.StringIO()
    module.dump([1], file)
    assert file.getvalue() == "[1]" and module.load(io.StringIO("[2]")) == [2]


def errors(module):
    yield lambda: module.loads("{"), module.JSONDecodeError
