"""Frames, whole and chunk by chunk."""


def work(module):
    data = b"several words, several words" * 50
    assert module.decompress(module.compress(data))[0:1] != b""
    context = module.create_compression_context()
    packed = module.compress_begin(context)
    packed += module.compress_chunk(context, data)
    packed += module.compress_flush(context)
    assert module.get_frame_info(packed)["block_size"] > 0
    reader = module.create_decompression_context()
    assert module.decompress_chunk(reader, packed)[0] == data
