"""Compression in one go and in pieces."""


def work(module):
    data = b"several words, several words" * 50
    packer = module.Compressor(quality=5)
    pieces = packer.process(data) + packer.flush() + packer.finish()
    unpacker = module.Decompressor()
    assert unpacker.process(pieces) == data and unpacker.is_finished()
    assert module.decompress(pieces) == data


def errors(module):
    yield lambda: module.decompress(b"nonsense"), module.error
