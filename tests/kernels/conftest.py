"""Where Triton does not exist (macOS, Windows), only the roofline can be tested."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("triton") else ["test_[!r]*.py", "test_recorder.py"]
