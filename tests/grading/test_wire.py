"""What a student's process says is read without running anything, whatever it is."""

import json
import random
import socket
import struct
import time

import numpy as np
import pytest

from course_utils.feedback.exercise import RefusalError
from course_utils.feedback.limits import Outcome, TimeLimitError
from course_utils.grading.wire import (
    FRAME_LIMIT,
    WireError,
    decode,
    decode_outcome,
    encode,
    encode_outcome,
    receive,
    send,
)

VALUES = [
    None, True, 3, -(10**50), 2.5, float("inf"), 1 + 2j, "text", [1, (2.0, [])], {"a": 1, "b": None}
]  # fmt: skip


def header(node) -> bytes:
    text = json.dumps(node).encode()
    return struct.pack(">I", len(text)) + text


HOSTILE = {
    "nothing": b"",
    "a header that is cut off": struct.pack(">I", 100) + b"{}",
    "a header beyond the limit": struct.pack(">I", 1 << 31),
    "no JSON": struct.pack(">I", 3) + b"{{{",
    "a bare number": header(5),
    "a list": header([1]),
    "two forms": header({"int": "1", "float": "0x1p0"}),
    "an unknown form": header({"object": "x"}),
    "dict of a list": header({"dict": [1]}),
    "depth": header(json.loads("[" * 50 + "]" * 50)),
    "an integer of a million digits": header({"int": "9" * 1_000_000}),
    "a structured dtype": header({"array": ["(1,,2)i4", 1]}),
    "an object dtype": header({"array": ["|O8", 1]}),
    "a void of a gigabyte": header({"array": ["V1000000000", 1]}),
    "negative axes": header({"array": ["<f8", -1]}),
    "many axes": header({"array": ["<f8", *[1] * 100_000]}),
    "axes of many digits": header({"array": ["<f8", 10**4000, 10**4000]}),
    "fewer bytes than said": header({"array": ["<f8", 4]}) + b"12345678",
    "more bytes than said": header({"array": ["<f8", 1]}) + bytes(16),
}


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(value):
    found = decode(encode(value))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c16", "i1", "u8", "?"])
def test_an_array_keeps_its_dtype_shape_and_bytes(dtype):
    array = np.random.default_rng(0).integers(0, 2, (2, 3)).astype(dtype)
    found = decode(encode([array, array[0, 0]]))
    assert found[0].dtype == array.dtype
    assert np.array_equal(found[0], array)
    assert type(found[1]) is type(array[0, 0])


def test_what_has_no_form_keeps_its_name_only():
    class Loud:
        def __repr__(self):
            raise RuntimeError

    found = decode(encode(Loud()))
    assert type(found).__name__ == "Loud"
    assert not isinstance(found, Loud)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_an_error_and_quick(name):
    start = time.process_time()
    with pytest.raises(WireError):
        decode(HOSTILE[name])
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("seed", range(300))
def test_bytes_at_random_raise_nothing_else(seed):
    draw = random.Random(seed)
    body = bytearray(encode_outcome(Outcome(np.ones(3), ValueError("x"), (1,))))
    for _ in range(draw.randrange(1, 6)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    try:
        assert isinstance(decode_outcome(bytes(body)), Outcome)
    except WireError as error:
        assert str(error)  # noqa: PT017 - either is right, anything else is not


def test_an_error_keeps_its_class_and_no_text():
    class TellingError(KeyError):
        pass

    found = decode_outcome(encode_outcome(Outcome(error=TellingError("the hidden case"))))
    assert type(found.error) is KeyError
    assert "hidden" not in str(found.error)


@pytest.mark.parametrize("error", [TimeLimitError("t"), RefusalError("cached", "h", value=1.0)])
def test_what_the_checks_raise_keeps_its_kind(error):
    found = decode_outcome(encode_outcome(Outcome(error=error))).error
    assert type(found) is type(error)
    assert getattr(found, "kind", "") == getattr(error, "kind", "")
    assert getattr(found, "value", None) == getattr(error, "value", None)


def test_a_frame_is_read_whole_or_not_at_all():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, b"answer")
        assert receive(theirs, 100) == b"answer"
        send(ours, bytes(101))
        with pytest.raises(WireError, match="101 bytes"):
            receive(theirs, 100)
        ours.send(struct.pack(">Q", FRAME_LIMIT)[:3])
        with pytest.raises(TimeoutError):
            receive(theirs, 100, time.monotonic() - 1)
