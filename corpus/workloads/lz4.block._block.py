"""Blocks, stored with and without their size."""


def work(module):
    data = b"several words, several words" * 50
    for mode in ("default", "high_compression", "fast"):
        assert module.decompress(module.compress(data, mode=mode)) == data
    bare = module.compress(data, store_size=False)
    assert module.decompress(bare, uncompressed_size=len(data)) == data


def errors(module):
    yield lambda: module.decompress(b"\xff\x00\x00\x00nonsense"), module.LZ4BlockError
