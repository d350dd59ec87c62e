"""Helper package of *Learning to See*.

Importing it loads nothing heavy: each module brings its own library (``training`` imports torch,
``plotting`` matplotlib), so that a numpy exercise starts at once.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("course-utils")
except PackageNotFoundError:  # a source tree on sys.path that was never installed
    __version__ = "0+unknown"
