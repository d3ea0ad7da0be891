from setuptools import Extension, setup


def main():
    setup(
        name="halfway",
        version="2.0.dev1",
        ext_modules=[Extension("halfway", sources=["halfway.c"])],
    )


if __name__ == "__main__":
    main()
