"""Compression and decompression by every kind of object that the module has."""

import io


def work(module):
    data = b"several words, several words" * 100
    packer, unpacker = module.ZstdCompressor(level=3), module.ZstdDecompressor()
    packed = packer.compress(data)
    assert unpacker.decompress(packed) == data
    stream = packer.compressobj()
    pieces = stream.compress(data) + stream.flush()
    assert unpacker.decompressobj().decompress(pieces) == data
    assert b"".join(packer.read_to_iter(io.BytesIO(data)))
    assert b"".join(unpacker.read_to_iter(io.BytesIO(packed))) == data
    target = io.BytesIO()
    writer = packer.stream_writer(target, closefd=False)
    writer.write(data)
    writer.close()
    assert unpacker.stream_reader(io.BytesIO(target.getvalue())).read(len(data)) == data
    with packer.stream_reader(io.BytesIO(data)) as reader:
        assert reader.read(10)
    with unpacker.stream_writer(io.BytesIO()) as writer:
        writer.write(packed)
    chunker = packer.chunker(chunk_size=64)
    assert list(chunker.compress(data)) + list(chunker.finish())
    module.get_frame_parameters(packed)
    dictionary = module.ZstdCompressionDict(data)
    module.ZstdCompressor(dict_data=dictionary).compress(data)
    parameters = module.ZstdCompressionParameters.from_level(3)
    assert parameters.window_log
    segments = module.BufferWithSegments(b"abcdef", b"\0" * 8 + b"\6" + b"\0" * 7)
    assert segments[0].tobytes() == b"abcdef" and len(module.BufferWithSegmentsCollection(segments))
    many = packer.multi_compress_to_buffer([data, data])
    assert len(unpacker.multi_decompress_to_buffer(many)) == 2


def errors(module):
    yield lambda: module.ZstdDecompressor().decompress(b"nonsense"), module.ZstdError
