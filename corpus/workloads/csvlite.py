"""Reads and writes rows with a dialect that holds objects of its own."""


def work(module):
    rows = []
    ending = "".join(["\r", "\n"])
    dialect = module.Dialect(delimiter=";", terminator=ending, note=["a", "note"])
    writer = module.writer(lambda line: rows.append(line), dialect)
    writer.writerow(["a", "b c"])
    assert rows == ["a;b c" + ending]
    assert module.Dialect(dialect).note is dialect.note
    assert next(module.reader(rows, dialect)) == ["a", "b c"]
