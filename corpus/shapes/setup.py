from setuptools import setup
from setuptools.extension import Extension

shapes = Extension(name="shapes", sources=["shapesmodule.c"])
setup(name="shapes", version="0.9", ext_modules=[shapes])
