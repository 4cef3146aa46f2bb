"""The wheel holds a shared library, so it is for one system, but for any Python 3."""

import re
from pathlib import Path

from setuptools import Distribution, setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel


class BinaryDistribution(Distribution):
    def has_ext_modules(self):
        return True


class BinaryWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


def version():
    """The library's: GQIMG_VERSION of its header, which build.sh puts beside this file."""
    here = Path(__file__).resolve().parent
    header = next(path for path in (here / "gqimg.h", here.parent / "include/gqimg.h") if path.exists())
    return re.search(r'^#define GQIMG_VERSION "(.+)"', header.read_text(), re.MULTILINE)[1]


setup(version=version(), distclass=BinaryDistribution, cmdclass={"bdist_wheel": BinaryWheel})
