"""Packs, unpacks and iterates in native and fixed formats."""


def work(module):
    record = module.Struct("<hIq4s?d")
    data = record.pack(-3, 7, 1 << 40, b"abcd", True, 2.5)
    assert record.unpack(data) == (-3, 7, 1 << 40, b"abcd", True, 2.5)
    assert list(record.iter_unpack(data * 3))[2][0] == -3
    buffer = bytearray(record.size + 2)
    record.pack_into(buffer, 2, 1, 2, 3, b"wxyz", False, 0.5)
    assert module.unpack_from("<h", buffer, 2) == (1,)
    assert module.calcsize("@iP") and module.pack(">e", 1.5) == b"\x3e\x00"
    module._clearcache()


def errors(module):
    yield lambda: module.pack("B", 300), module.error
    yield lambda: module.Struct("<I").unpack(b"12"), module.error
    yield lambda: module.calcsize("nonsense"), module.error


def specimens(module):
    made = module.Struct("<hI")
    return [made, made.iter_unpack(made.pack(1, 2))]
