"""Compression in one go and by streams, with copies and a dictionary."""


def work(module):
    data = b"several words, several words, several words" * 20
    assert module.decompress(module.compress(data)) == data
    packer = module.compressobj(level=9, zdict=b"several words")
    half = packer.compress(data)
    twin = packer.copy()
    packed = half + packer.flush()
    assert half + twin.flush() == packed
    unpacker = module.decompressobj(zdict=b"several words")
    first = unpacker.decompress(packed, 10)
    assert first + unpacker.copy().flush() == data
    assert first + unpacker.flush() == data
    assert module.crc32(b"abc") == 0x352441C2 and module.adler32(b"abc") == 0x024D0127


def errors(module):
    yield lambda: module.decompress(b"nonsense"), module.error
    yield lambda: module.decompressobj().decompress(b"nonsense"), module.error
    yield lambda: module.compress(b"a", 77), module.error
