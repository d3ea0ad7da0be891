#!/usr/bin/env python
"""Builds on Python 2.7 and 3."""

from setuptools import Extension, setup


def ext(name, **options):
    return Extension(
        name, ["src/%s.c" % name], include_dirs=["src"], depends=["src/dualpy.h"], **options
    )


setup(
    name="dualpy",
    version="0.7",
    ext_modules=[
        ext("dualsum"),
        ext("dualtext", define_macros=[("DUALTEXT_FAST", None)]),
    ],
)
