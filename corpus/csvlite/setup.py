from setuptools import Extension, setup

setup(
    name="csvlite",
    version="1.4",
    ext_modules=[Extension("csvlite", ["csvlite.c"])],
)
