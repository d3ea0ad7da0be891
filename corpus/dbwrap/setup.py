from setuptools import Extension, setup

NAME = "dbwrap"
SOURCES = [name + ".c" for name in ("module", "connection", "cursor", "row", "util", "store")]

macros = [("DBWRAP_VERSION", '"2.1"')]

setup(
    name=NAME,
    version="2.1",
    ext_modules=[
        Extension(
            NAME,
            sources=SOURCES,
            depends=["common.h", "connection.h", "cursor.h", "row.h", "store.h"],
            define_macros=macros,
        )
    ],
)
