from setuptools import Extension, setup

setup(
    name="structs",
    version="1.1",
    ext_modules=[Extension("structs", ["structs.c"], define_macros=[("STRUCTS_LEAP", "1")])],
)
