from glob import glob

from setuptools import Extension, setup

extensions = []
for source in sorted(glob("*.c")):
    extensions.append(Extension(source[: -len(".c")], sources=[source]))

setup(name="hooks", version="1.0", ext_modules=extensions)
