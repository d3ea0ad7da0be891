import os

from setuptools import Extension, setup

LIBRARY = "lib"


def extension():
    sources = ["lineedit.c", os.path.join(LIBRARY, "termline.c")]
    return Extension("lineedit", sources=sources, include_dirs=[LIBRARY])


setup(name="lineedit", version="0.3", ext_modules=[extension()])
