from setuptools import Extension, setup

ext_modules = []
ext_modules += [Extension("caches", sources=["caches.c"])]

setup(name="caches", version="5", ext_modules=ext_modules)
