"""Static evaluation of Python build scripts: an abstract interpreter over libcst trees."""
