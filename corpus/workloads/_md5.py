"""Digests, in pieces and by copies."""


def work(module):
    digest = module.md5(b"ab")
    twin = digest.copy()
    digest.update(b"c")
    twin.update(b"c")
    assert digest.hexdigest() == twin.hexdigest() == module.md5(b"abc").hexdigest()
    assert len(digest.digest()) == digest.digest_size and digest.block_size == 64
