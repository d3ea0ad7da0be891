from setuptools import setup, Extension

ext_modules = []
ext_modules += [Extension("caches", sources=["caches.c"])]

setup(name="caches", version="5", ext_modules=ext_modules)
