"""Sums with tables of every width."""

import array


def work(module):
    for name, code, width in (("_crc8", "B", 1), ("_crc16", "H", 2), ("_crc32", "I", 4)):
        table = array.array(code, range(256)).tobytes()
        assert len(table) == 256 * width
        getattr(module, name)(b"several words", 0, table)
        getattr(module, name + "r")(b"several words", 0, table)
