"""Digests with keys, salts and copies."""


def work(module):
    for kind in (module.blake2b, module.blake2s):
        digest = kind(b"ab", key=b"k", digest_size=16)
        twin = digest.copy()
        digest.update(b"c")
        twin.update(b"c")
        assert digest.hexdigest() == twin.hexdigest() and len(digest.digest()) == 16
