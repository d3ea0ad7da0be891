"""Seeds, states and numbers."""


def work(module):
    source = module.Random(5)
    state = source.getstate()
    numbers = [source.random() for _ in range(700)]
    source.setstate(state)
    assert numbers == [source.random() for _ in range(700)]
    assert 0 <= source.getrandbits(70) < 1 << 70
    source.seed("text")
