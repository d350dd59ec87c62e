"""``fetch`` against a server on this machine that breaks in every way a real one does."""

import shutil
import socket
import time

import numpy as np
import pytest
from PIL import Image

from course_utils.data import DataUnavailable, fetch, load_bccd, on_demand

CUT = 30_000


def get(**options):
    return fetch("bccd320", progress=False, **options)


def failure(**options) -> str:
    with pytest.raises(DataUnavailable) as caught:
        get(**options)
    return str(caught.value)


def left_in(cache) -> set[str]:
    return {path.name for path in cache.iterdir()} - {"bccd320-v1.lock"}


def test_a_good_server_is_asked_once(server, cache):
    folder = get()
    assert folder == cache / "bccd320-v1"
    assert {path.name for path in folder.iterdir()} == {
        "images", "annotations.json", "LICENSE", "SHA256SUMS",
    }  # fmt: skip
    assert left_in(cache) == {"bccd320-v1"}  # neither archive nor work folder is left behind
    assert get() == folder
    assert [request.path for request in server.requests] == ["/bccd320.zip"]


def test_the_built_set_is_halved_and_loads(server):
    train = load_bccd("train")
    assert len(train) == 1
    assert train.images[0].shape == (3, 240, 320)
    assert train.boxes[0].tolist() == [[5, 10, 55.5, 40]]  # the box without area is gone
    assert train.labels[0].tolist() == [1]
    with Image.open(get() / "images" / "BloodImage_00000.jpg") as image:
        assert np.array_equal(
            np.asarray(image).transpose(2, 0, 1) / np.float32(255), train.images[0]
        )


def test_a_cut_download_is_resumed_where_it_broke(server):
    server.script = [("cut", CUT), ("cut", CUT)]
    get()
    starts = [request.range for request in server.requests]
    first, second = (int(start.removeprefix("bytes=")[:-1]) for start in starts[1:])
    assert starts[0] is None
    assert 0 < first <= CUT < second <= 2 * CUT
    assert {request.if_range for request in server.requests[1:]} == {'"v1"'}
    assert server.requests[-1].sent == len(server.content) - second


def test_a_server_without_ranges_is_read_from_the_start(server):
    server.ranges = False
    server.script = [("cut", CUT)]
    get()
    assert server.requests[1].range is not None
    assert server.requests[1].sent == len(server.content)


def test_a_file_that_changed_meanwhile_is_read_from_the_start(server):
    good, server.content, server.etag = server.content, bytes(200_000), '"v0"'
    server.script = [("cut", CUT), 503]
    message = failure_then(server, good)
    assert "broke off" in message
    assert server.requests[-1].if_range == '"v0"'
    assert server.requests[-1].sent == len(good)


def failure_then(server, good: bytes) -> str:
    """Fail thrice on the old file; the new one is then fetched in a second call."""
    server.script.append(("cut", CUT))
    message = failure()
    server.content, server.etag = good, '"v1"'
    get()
    return message


def test_a_download_that_was_complete_but_unchecked_is_used(server, cache):
    cache.mkdir()
    (cache / "bccd320.zip.part").write_bytes(server.content)
    (cache / "bccd320.zip.part.json").write_text(
        f'{{"url": "{server.address}/bccd320.zip", "version": "\\"v1\\""}}'
    )
    get()
    assert [request.sent for request in server.requests] == [0]


def test_what_came_from_another_address_is_not_continued(server, cache):
    cache.mkdir()
    (cache / "bccd320.zip.part").write_bytes(bytes(1000))
    (cache / "bccd320.zip.part.json").write_text('{"url": "http://elsewhere/", "version": ""}')
    get()
    assert server.requests[0].range is None


@pytest.mark.parametrize("position", [55, 30_000, -10])
def test_a_damaged_file_is_fetched_again_and_never_kept(server, cache, position):
    damaged = bytearray(server.content)
    damaged[position] ^= 0xFF
    good, server.content = server.content, bytes(damaged)
    message = failure()
    assert "the download was damaged" in message
    assert "(tried 3 times)" in message
    assert len(server.requests) == 3
    assert left_in(cache) == set()
    server.content, server.script = good, [("body", bytes(damaged))]
    assert get().is_dir()


def test_other_contents_in_a_sound_archive_are_refused(server, tmp_path):
    import loopback

    files = loopback.zipped({"LICENSE": b"GPL", "BCCD/x": b"y"})
    server.content = files
    assert "it holds 2 of the expected files with 4 bytes, expected 11 files" in failure()


def test_same_sizes_but_other_bytes_are_refused(server, entry, monkeypatch):
    other = on_demand.OnDemandSet(**(vars(entry) | {"sha256": "0" * 64}))
    monkeypatch.setattr(on_demand, "available", lambda: {"bccd320": other})
    assert f"its files have sha256 {entry.sha256}, expected {'0' * 64}" in failure()


def test_a_login_page_is_named_as_such(server):
    server.script = [("body", b"<html>please log in</html>")] * 3
    assert "it is not a zip archive" in (message := failure())
    assert "login page" in message


def test_a_stalled_server_times_out(server):
    server.script = [("stall", CUT)] * 3
    start = time.monotonic()
    message = failure()
    assert "the server stalled: no byte for 0.3 s" in message
    assert time.monotonic() - start < 3


def test_a_stall_is_resumed_too(server):
    server.script = [("stall", CUT)]
    get()
    assert server.requests[1].range is not None


def test_404_is_final_and_says_what_to_do(server, cache):
    server.script = [404]
    message = failure()
    assert len(server.requests) == 1
    assert "the data set 'bccd320'" in message
    assert f"from: {server.address}/bccd320.zip" in message
    assert "the server answered 404 Not Found" in message
    assert f"put it to {cache / 'bccd320.zip'}" in message
    assert "COURSE_DATA_DIR" in message
    assert "COURSE_DATA_MIRROR" in message


def test_503_is_tried_again(server):
    server.script = [503, 429]
    assert get().is_dir()
    assert len(server.requests) == 3


def test_503_for_ever_is_an_error(server):
    server.script = [503] * 3
    assert "the server answered 503 Service Unavailable (tried 3 times)" in failure()


def test_without_a_network_the_error_says_so(entry, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("COURSE_DATA_MIRROR", f"http://127.0.0.1:{port}/")
    message = failure()
    assert "no connection (is this machine offline?)" in message
    assert f"from: http://127.0.0.1:{port}/bccd320.zip" in message


def test_an_endless_answer_is_stopped(server, entry):
    server.script = [("endless",)]
    assert f"more than {2 * entry.download_bytes} bytes, far more than expected" in failure()


def test_a_file_that_a_person_placed_needs_no_network(entry, archive, cache):
    cache.mkdir()
    placed = cache / "bccd320.zip"
    placed.write_bytes(archive)
    assert get().is_dir()
    assert placed.read_bytes() == archive


def test_a_wrong_file_that_a_person_placed_is_named(entry, cache):
    cache.mkdir()
    (cache / "bccd320.zip").write_bytes(b"oops")
    message = failure()
    assert f"{cache / 'bccd320.zip'} is not the right file: it is not a zip archive" in message
    assert (cache / "bccd320.zip").exists()


def test_a_set_that_was_damaged_in_the_cache_is_built_again(server):
    image = get() / "images" / "BloodImage_00001.jpg"
    before = image.read_bytes()
    image.write_bytes(b"oops")
    (image.parent / "added").touch()
    get()
    assert image.read_bytes() == before
    assert len(server.requests) == 2


def test_a_file_that_was_added_to_the_cache_changes_nothing(server):
    (get() / ".DS_Store").touch()
    get()
    assert len(server.requests) == 1


def test_what_a_killed_build_left_is_removed(server, cache):
    (cache / ".bccd320-v1-abc").mkdir(parents=True)
    get()
    assert left_in(cache) == {"bccd320-v1"}


def test_a_full_disk_is_noticed_before_the_download(server, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    message = failure()
    assert "1 MB are free there, 9 MB are needed" in message
    assert not server.requests


def test_a_cache_that_cannot_be_used_is_an_error(server, tmp_path):
    (tmp_path / "file").touch()
    message = failure(cache_dir=tmp_path / "file")
    assert "the cache folder cannot be used" in message
    assert "COURSE_DATA_DIR" in message


def test_the_argument_wins_over_the_environment(server, tmp_path):
    assert get(cache_dir=tmp_path / "mine") == tmp_path / "mine" / "bccd320-v1"


def test_the_progress_bar_is_shown_only_when_wanted(server, capsys, tmp_path):
    get()
    assert capsys.readouterr() == ("", "")
    fetch("bccd320", cache_dir=tmp_path / "other")
    shown = capsys.readouterr().err
    assert "bccd320.zip: 100%" in shown
    assert f"building {tmp_path / 'other' / 'bccd320-v1'}" in shown


def test_another_name_is_refused():
    with pytest.raises(ValueError, match=r"name: got 'coco', expected one of bccd320, grocery64"):
        fetch("coco")
