"""Compression in one go and by streams."""


def work(module):
    data = b"several words, several words" * 50
    packed = module.compress(data, dictionary=16)
    assert module.decompress(packed) == data
    unpacker = module.decompressobj()
    assert unpacker.decompress(packed) + unpacker.flush() == data
