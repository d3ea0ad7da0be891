"""Proxies of many kinds of objects, and what finds its way through them."""


class Mine:
    """Something with attributes."""

    value = 1


def work(module):
    proxy = module.ProxyBase(Mine())
    proxy.value = 2
    assert proxy.value == 2 and isinstance(proxy, Mine)
    assert module.getProxiedObject(proxy).value == 2 and module.isProxy(proxy)
    assert module.ProxyBase(3) + module.ProxyBase(4) == 7 and int(module.ProxyBase(3)) == 3
    assert list(module.ProxyBase([1, 2])) == [1, 2] and module.ProxyBase("a") in {"a": 1}
    layered = module.ProxyBase(module.ProxyBase(5))
    assert module.removeAllProxies(layered) == 5 and module.sameProxiedObjects(layered, layered)
    module.setProxiedObject(proxy, 9)
    assert proxy == 9

    class Special(module.ProxyBase):
        """A subclass with a slot of its own."""

        __slots__ = ("extra",)

    special = Special([1])
    special.extra = 1
    assert module.queryProxy(special, Special) is special and len(special) == 1
