"""A database in memory: cursors, rows, callbacks in both directions, blobs, errors."""


class Total:
    """An aggregate function."""

    def __init__(self):
        self.sum = 0

    def step(self, value):
        """Take one value."""
        self.sum += value

    def finalize(self):
        """The result."""
        return self.sum


class Point:
    """Adapts itself to text."""

    def __conform__(self, protocol):
        return "1;2"


def work(module):
    connection = module.connect(":memory:")
    connection.row_factory = module.Row
    connection.execute("create table t (name text, size integer)")
    connection.executemany("insert into t values (?, ?)", [("a", 1), ("b", 2)])
    row = connection.execute("select * from t order by size").fetchone()
    assert row["NAME"] == "a" and row.keys() == ["name", "size"] and len(row) == 2
    assert row == connection.execute("select * from t order by size").fetchone()
    connection.create_function("twice", 1, lambda value: value * 2)
    connection.create_aggregate("total_of", 1, Total)
    connection.create_collation("backwards", lambda one, other: (one < other) - (one > other))
    connection.set_authorizer(lambda *args: 0)
    connection.set_trace_callback(lambda text: None)
    connection.set_progress_handler(lambda: 0, 100)
    found = connection.execute("select twice(total_of(size)) from t").fetchone()[0]
    assert found == 6
    names = connection.execute("select name from t order by name collate backwards")
    assert [row[0] for row in names] == ["b", "a"]
    assert connection.execute("select ?", (Point(),)).fetchone()[0] == "1;2"
    connection.commit()
    other = module.connect(":memory:")
    connection.backup(other)
    assert other.execute("select count(*) from t").fetchone() == (2,)
    other.close()
    with connection:
        connection.execute("delete from t")
    connection.close()


def errors(module):
    connection = module.connect(":memory:")
    connection.execute("create table t (name text unique)")
    connection.execute("insert into t values ('a')")
    closed = module.connect(":memory:")
    closed.close()
    yield lambda: connection.execute("nonsense"), module.OperationalError
    yield lambda: connection.execute("insert into t values ('a')"), module.IntegrityError
    yield lambda: closed.execute("select 1"), module.ProgrammingError
    yield lambda: connection.execute("select ?", (object(),)), module.InterfaceError


def specimens(module):
    connection = module.connect(":memory:")
    connection.row_factory = module.Row
    row = connection.execute("select 1 as one").fetchone()
    return [connection, connection.cursor(), row, connection("select 1")]
