"""Reads and writes rows with dialects of several kinds."""


class Sink:
    """A file that keeps what is written."""

    def __init__(self):
        self.text = []

    def write(self, text):
        """Keep it."""
        self.text.append(text)


def work(module):
    module.field_size_limit(100_000)
    module.register_dialect("bars", delimiter="|", quoting=module.QUOTE_MINIMAL)
    assert list(module.reader(["a|'b|c'", "1|2"], "bars", quotechar="'")) == [
        ["a", "b|c"],
        ["1", "2"],
    ]
    sink = Sink()
    writer = module.writer(sink, quoting=module.QUOTE_NONNUMERIC)
    writer.writerow(["a", 1, 2.5])
    writer.writerows([["b", None], ["c", 'say "no"']])
    assert sink.text[0] == '"a",1,2.5\r\n'
    assert "bars" in module.list_dialects()
    assert module.get_dialect("bars").delimiter == "|"
    module.unregister_dialect("bars")


def errors(module):
    reader = module.reader([1])
    yield lambda: next(reader), module.Error
    yield lambda: list(module.reader(['"open'], strict=True)), module.Error
    yield lambda: module.get_dialect("never registered"), module.Error
    yield lambda: module.writer(Sink()).writerow(5), module.Error
