"""Replies of the protocol, whole and in pieces."""


class ReplyProblem(Exception):
    """What error replies become."""


def work(module):
    reader = module.Reader(replyError=ReplyProblem, encoding="utf-8")
    reader.feed(b"*3\r\n$3\r\nfoo\r\n:7\r\n*1\r\n+OK\r\n")
    assert reader.gets() == ["foo", 7, ["OK"]]
    reader.feed(b"$3\r\nab")
    assert reader.gets() is False
    reader.feed(b"c\r\n-ERR no\r\n")
    assert reader.gets() == "abc"
    assert isinstance(reader.gets(), ReplyProblem)
    reader.feed(b">2\r\n+message\r\n+x\r\n%1\r\n+a\r\n:1\r\n~1\r\n:5\r\n#t\r\n,1.5\r\n_\r\n")
    push = reader.gets()
    assert type(push) is module.PushNotification and push == ["message", "x"]
    assert reader.gets() == {"a": 1}
    reader.setmaxbuf(1024)
    assert module.pack_command((b"SET", "key", 1)) == (
        b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n1\r\n"
    )


def errors(module):
    def broken():
        reader = module.Reader()
        reader.feed(b"x nonsense\r\n")
        reader.gets()

    yield broken, module.ProtocolError
