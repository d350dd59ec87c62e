"""The warm process of the sandbox: it ends with its grader, whatever was left unread."""

import socket

from course_utils.grading.zygote import Zygote


def test_a_grader_that_goes_without_reading_is_an_end_and_no_error() -> None:
    ours, graders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    zygote = Zygote.__new__(Zygote)
    zygote.control = ours
    ours.send(b"nobody reads this")
    graders.close()
    assert zygote._obey() is False
