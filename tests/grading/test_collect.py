"""What Moodle and Canvas give becomes nbgrader's submitted folder, with a row for every file."""

import io
import json
import os
import stat
import struct
import time
import zipfile
from datetime import UTC, datetime

import pytest
from nbgrader.api import Student

from course_utils.grading import collect as module
from course_utils.grading import platforms, sources
from course_utils.grading.collect import collect
from course_utils.grading.database import writing
from course_utils.grading.placing import collected
from tests.grading.a_course import make_course

NOTEBOOK = b'{"cells": [], "nbformat": 4}'
OTHER = b'{"cells": [], "nbformat": 4, "metadata": {}}'
ADA = "Ada Lovelace_12_assignsubmission_file/mlp.ipynb"
EARLY, LATE = (2026, 10, 1, 12, 0, 0), (2026, 10, 2, 12, 0, 0)


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course", "mlp")


@pytest.fixture
def download(tmp_path):
    """Return a function that makes a zip of names and contents, all changed at one time."""

    def pack(files, when=EARLY):
        path = tmp_path / "download.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, when), content)
        return path

    return pack


def enrol(course, *students):
    with writing(course) as session:
        for student in students:
            session.add(Student(**student))


def rows(found):
    """Return the codes of each row's messages; no row may come twice or be without one."""
    assert len({label for label, _ in found}) == len(found)
    assert all(messages for _, messages in found)
    return {label: [message.code for message in messages] for label, messages in found}


def submitted(course):
    files = (path for path in course.submitted.rglob("*") if path.suffix == ".ipynb")
    return {str(path.relative_to(course.submitted)): path.read_bytes() for path in files}


def stamp(course, student):
    return (course.submitted / student / "mlp" / "timestamp.txt").read_text()


# Names.


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Ada Lovelace_12_assignsubmission_file_/mlp.ipynb", "Ada_Lovelace"),
        (ADA, "Ada_Lovelace"),
        ("Ada Lovelace_12_assignsubmission_file_mlp.ipynb", "Ada_Lovelace"),
        ("mlp-555/Ada Lovelace_12_assignsubmission_file/mlp.ipynb", "Ada_Lovelace"),
        ("Ada Lovelace_12_assignsubmission_file/week 1/mlp.ipynb", "Ada_Lovelace"),
        ("Ada Lovelace_12_assignsubmission_file\\mlp.ipynb", "Ada_Lovelace"),
        ("Ada_B_Lovelace_12_assignsubmission_file/mlp.ipynb", "Ada_B_Lovelace"),
        ("José Ñandú_12_assignsubmission_file/mlp.ipynb", "José_Ñandú"),
        ("王小明_12_assignsubmission_file/mlp.ipynb", "王小明"),
        ("O'Neil, <b>Ann<b>_12_assignsubmission_file_mlp.ipynb", "O_Neil_b_Ann_b"),
        ("=cmd|'x'_12_assignsubmission_file/mlp.ipynb", "cmd_x"),
        ("💥_12_assignsubmission_file/mlp.ipynb", "student"),
        ("x" * 300 + "_12_assignsubmission_file/mlp.ipynb", "x" * 128),
        ("lovelaceada_123_456_mlp.ipynb", "lovelaceada_123"),
        ("lovelaceada_LATE_123_456_mlp.ipynb", "lovelaceada_123"),
        ("submissions/lovelaceada_123_456_mlp.ipynb", "lovelaceada_123"),
        ("de_la_cruz_123_456_mlp.ipynb", "de_la_cruz_123"),
        ("anon_aB3dE_456_mlp.ipynb", "anon_aB3dE"),
    ],
)
def test_the_student_of_a_name(course, download, name, student):
    found = rows(collect(course, "mlp", download({name: NOTEBOOK})))
    assert submitted(course) == {f"{student}/mlp/mlp.ipynb": NOTEBOOK}
    assert [codes[-1] for codes in found.values()] == ["collected"]


def test_names_of_canvas_and_of_moodle_together_are_those_of_most(course, download):
    files = {ADA: NOTEBOOK, "a_1_2_mlp.ipynb": NOTEBOOK, "b_2_3_mlp.ipynb": NOTEBOOK}
    found = rows(collect(course, "mlp", download(files)))
    assert found[ADA] == ["unknown-name"]
    assert set(submitted(course)) == {"a_1/mlp/mlp.ipynb", "b_2/mlp/mlp.ipynb"}


def test_the_platform_can_be_said(course, download):
    files = {ADA: NOTEBOOK, "a_1_2_mlp.ipynb": NOTEBOOK, "b_2_3_mlp.ipynb": NOTEBOOK}
    found = rows(collect(course, "mlp", download(files), platform="moodle"))
    assert found["a_1_2_mlp.ipynb"] == ["unknown-name"]
    assert set(submitted(course)) == {"Ada_Lovelace/mlp/mlp.ipynb"}


def test_late_by_canvas_is_said(course, download):
    found = rows(collect(course, "mlp", download({"a_LATE_1_2_mlp.ipynb": NOTEBOOK})))
    assert found == {"a_LATE_1_2_mlp.ipynb": ["late", "collected"]}


@pytest.mark.parametrize(
    "name",
    [
        "mlp (1).ipynb",
        "Copy_of_mlp.ipynb",
        "MLP.ipynb",
        "mlp_solved.ipynb",
        "mlp.IPYNB",
        "mlp.ipynb.txt",
        "mlp.ipynb.json",
        "mlp-1.ipynb",
    ],
)
@pytest.mark.parametrize("start", ["Ada_12_assignsubmission_file_", "ada_12_34_"])
def test_a_wrong_name_is_put_right(course, download, start, name):
    found = rows(collect(course, "mlp", download({start + name: NOTEBOOK})))
    assert found[start + name][-1] == "collected"
    assert set(found[start + name]) <= {"renamed", "collected"}
    assert [path.rpartition("/")[2] for path in submitted(course)] == ["mlp.ipynb"]
    if name.lower() != "mlp.ipynb" and not name.startswith("mlp.ipynb."):
        assert found[start + name] == ["renamed", "collected"]


def test_the_notebook_of_the_right_name_is_taken(course, download):
    mine = ADA.replace("mlp.", "scratch.")
    found = rows(collect(course, "mlp", download({ADA: NOTEBOOK, mine: OTHER})))
    assert found == {ADA: ["collected"], mine: ["extra-notebook"]}
    assert submitted(course) == {"Ada_Lovelace/mlp/mlp.ipynb": NOTEBOOK}


def test_several_wrong_names_are_left_to_a_person(course, download):
    names = [ADA.replace("mlp.", f"{word}.") for word in ("first", "second")]
    found = rows(collect(course, "mlp", download({names[0]: NOTEBOOK, names[1]: OTHER})))
    assert found == {name: ["several-notebooks"] for name in names}
    assert submitted(course) == {}


def test_several_wrong_names_of_one_content_are_one(course, download):
    names = [ADA.replace("mlp.", f"{word}.") for word in ("first", "second")]
    found = rows(collect(course, "mlp", download(dict.fromkeys(names, NOTEBOOK))))
    assert found == {names[0]: ["renamed", "collected"], names[1]: ["extra-notebook"]}


# Who is who.


def test_the_gradebook_knows_moodles_names(course, download):
    enrol(
        course,
        {"id": "alove", "first_name": "Ada", "last_name": "Lovelace"},
        {"id": "gh", "first_name": "Grace", "last_name": "Hopper"},
        {"id": "kurt.g"},
        {"id": "mute"},
    )
    files = {
        "ada  LOVELACE_1_assignsubmission_file/mlp.ipynb": NOTEBOOK,
        "Group A-Hopper, Grace_2_assignsubmission_file/mlp.ipynb": NOTEBOOK,
        "kurt.g_3_assignsubmission_file/mlp.ipynb": NOTEBOOK,
    }
    found = rows(collect(course, "mlp", download(files)))
    assert {path.partition("/")[0] for path in submitted(course)} == {"alove", "gh", "kurt.g"}
    assert found["mute"] == ["missing"]
    assert "alove" not in found


def test_the_gradebook_knows_canvas_numbers(course, download):
    enrol(course, {"id": "alove", "lms_user_id": "123"}, {"id": "other", "lms_user_id": "9"})
    found = rows(collect(course, "mlp", download({"lovelaceada_123_9_mlp.ipynb": NOTEBOOK})))
    assert set(submitted(course)) == {"alove/mlp/mlp.ipynb"}
    assert found["other"] == ["missing"]


@pytest.mark.parametrize("known", [0, 1, 2])
def test_two_students_of_one_name_stay_two(course, download, known):
    enrol(
        course,
        *({"id": f"al{n}", "first_name": "Ada", "last_name": "Lovelace"} for n in range(known)),
    )
    files = {ADA: NOTEBOOK, ADA.replace("12", "13"): OTHER}
    found = rows(collect(course, "mlp", download(files)))
    assert submitted(course) == {
        "Ada_Lovelace_12/mlp/mlp.ipynb": NOTEBOOK,
        "Ada_Lovelace_13/mlp/mlp.ipynb": OTHER,
    }
    assert all(found[name] == ["same-name", "collected"] for name in files)


def test_moodles_number_knows_a_student_again(course, download):
    collect(course, "mlp", download({ADA: NOTEBOOK}))
    married = "Ada King_12_assignsubmission_file/mlp.ipynb"
    assert rows(collect(course, "mlp", download({married: NOTEBOOK}))) == {married: ["unchanged"]}


def test_a_name_of_the_gradebook_that_is_no_folder_is_not_used(course, download, tmp_path):
    enrol(course, {"id": "../../evil", "first_name": "Ada", "last_name": "Lovelace"})
    collect(course, "mlp", download({ADA: NOTEBOOK}))
    assert set(submitted(course)) == {"Ada_Lovelace/mlp/mlp.ipynb"}
    assert not list(tmp_path.glob("evil*"))


# Times and further collecting.


def test_moodles_time_is_noted_in_utc(course, download):
    collect(course, "mlp", download({ADA: NOTEBOOK}))
    expected = datetime(*EARLY).astimezone(UTC).replace(tzinfo=None)
    assert course.submitted_at("mlp", "Ada_Lovelace") == expected
    assert stamp(course, "Ada_Lovelace") == expected.isoformat(" ")


def test_the_extended_time_of_a_zip_counts(course, tmp_path):
    when = datetime(2026, 10, 3, 4, 5, 6, tzinfo=UTC)
    info = zipfile.ZipInfo(ADA, EARLY)
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(when.timestamp()))
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, NOTEBOOK)
    collect(course, "mlp", path)
    assert stamp(course, "Ada_Lovelace") == "2026-10-03 04:05:06"


@pytest.mark.parametrize("extra", [b"UT", b"UT\x05\x00\x01", b"UT\x09\x00", b"xx\xff\xff12"])
def test_a_damaged_extra_field_is_no_time(extra):
    info = zipfile.ZipInfo(ADA, EARLY)
    info.extra = extra
    expected = datetime(*EARLY).astimezone(UTC).replace(tzinfo=None)
    assert sources._time(info) in (expected, None)


def test_canvas_times_are_not_those_of_the_student(course, download):
    collect(course, "mlp", download({"a_1_2_mlp.ipynb": NOTEBOOK}))
    assert course.submitted_at("mlp", "a_1") is None


def everything(course):
    paths = [path for path in course.root.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in paths if path.suffix != ".db"}


def test_collecting_again_changes_nothing(course, download):
    path = download({ADA: NOTEBOOK, "a/b.txt": b"", "Max_5_assignsubmission_file_x.ipynb": OTHER})
    collect(course, "mlp", path)
    before = everything(course)
    found = rows(collect(course, "mlp", path))
    assert everything(course) == before
    assert found[ADA] == ["unchanged"]


def test_a_newer_submission_takes_the_place_and_the_older_is_kept(course, download):
    collect(course, "mlp", download({ADA: NOTEBOOK}, EARLY))
    found = rows(collect(course, "mlp", download({ADA: OTHER}, LATE)))
    assert found == {ADA: ["replaced"]}
    assert submitted(course) == {"Ada_Lovelace/mlp/mlp.ipynb": OTHER}
    kept = list((course.root / "downloaded").rglob("mlp.ipynb"))
    assert [path.read_bytes() for path in kept] == [NOTEBOOK]
    assert (kept[0].parent / "timestamp.txt").is_file()
    assert stamp(course, "Ada_Lovelace") == str(
        datetime(*LATE).astimezone(UTC).replace(tzinfo=None)
    )


def test_an_older_submission_does_not(course, download):
    collect(course, "mlp", download({ADA: OTHER}, LATE))
    before = everything(course)
    found = rows(collect(course, "mlp", download({ADA: NOTEBOOK}, EARLY)))
    assert found == {ADA: ["older"]}
    assert everything(course) == before


def test_without_times_an_old_download_does_not_come_back(course, download):
    name = "a_1_2_mlp.ipynb"
    for content, code in [
        (NOTEBOOK, "collected"),
        (OTHER, "replaced"),
        (NOTEBOOK, "older"),
        (OTHER, "unchanged"),
    ]:
        assert rows(collect(course, "mlp", download({name: content}))) == {name: [code]}
    assert submitted(course) == {"a_1/mlp/mlp.ipynb": OTHER}


def test_what_was_put_there_by_hand_is_kept(course, download):
    mine = course.submitted / "Ada_Lovelace" / "mlp" / "mine.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"by hand")
    assert rows(collect(course, "mlp", download({ADA: NOTEBOOK}))) == {ADA: ["replaced"]}
    kept = list((course.root / "downloaded").rglob("mine.ipynb"))
    assert [path.read_bytes() for path in kept] == [b"by hand"]


def test_a_link_in_submitted_is_not_written_through(course, download, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    course.submitted.mkdir()
    (course.submitted / "Ada_Lovelace").symlink_to(outside)
    assert rows(collect(course, "mlp", download({ADA: NOTEBOOK}))) == {ADA: ["link"]}
    assert list(outside.iterdir()) == []


def test_the_numbers_are_noted(course, download):
    collect(course, "mlp", download({ADA: NOTEBOOK}))
    record = collected(course, "mlp")["Ada_Lovelace"]
    assert (record["platform"], record["number"]) == ("moodle", "12")
    assert record["full_name"] == "Ada Lovelace"


def test_no_scratch_is_left(course, download):
    collect(course, "mlp", download({ADA: NOTEBOOK}))
    assert not list(course.root.glob(".collect-*"))
    assert not list(course.root.rglob("*.part"))


# What must not happen.


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../x_1_assignsubmission_file_mlp.ipynb", "unsafe-name"),
        ("x_1_assignsubmission_file/../../mlp.ipynb", "unsafe-name"),
        ("/tmp/x_1_assignsubmission_file_mlp.ipynb", "unsafe-name"),
        ("C:\\x_1_assignsubmission_file_mlp.ipynb", "unsafe-name"),
        ("..\\x_1_assignsubmission_file_mlp.ipynb", "unsafe-name"),
        ("x" * 2_000 + "_1_assignsubmission_file_mlp.ipynb", "unsafe-name"),
        ("__MACOSX/x_1_assignsubmission_file/._mlp.ipynb", "hidden-file"),
        ("x_1_assignsubmission_file/.ipynb_checkpoints/mlp.ipynb", "hidden-file"),
        ("x_1_assignsubmission_file/.mlp.ipynb", "hidden-file"),
        ("x_1_assignsubmission_file/Thumbs.db", "hidden-file"),
        ("x_1_assignsubmission_file/mlp.zip", "archive-inside"),
        ("x_1_assignsubmission_file/mlp.tar.gz", "archive-inside"),
        ("x_1_assignsubmission_file/notes.pdf", "other-file"),
        ("x_1_assignsubmission_file/mlp.py", "other-file"),
        ("mlp.ipynb", "unknown-name"),
        ("x_mlp.ipynb", "unknown-name"),
        ("_1_assignsubmission_file/mlp.ipynb", "unknown-name"),
    ],
)
def test_what_is_left_out_has_a_row(course, download, tmp_path, name, code):
    found = rows(collect(course, "mlp", download({name: NOTEBOOK, ADA: NOTEBOOK}), "moodle"))
    assert len(found) == 2
    assert [codes for label, codes in found.items() if label != ADA] == [[code]]
    assert set(submitted(course)) == {"Ada_Lovelace/mlp/mlp.ipynb"}
    assert not list(tmp_path.glob("*_1_*"))


def test_a_link_in_a_zip_is_left_out(course, tmp_path):
    info = zipfile.ZipInfo(ADA)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert rows(collect(course, "mlp", path)) == {ADA: ["link"]}
    assert submitted(course) == {}


def test_a_zip_bomb_is_left_out(course, download, monkeypatch):
    monkeypatch.setattr(sources, "LARGEST", 1_000)
    path = download({ADA: b" " * 10_000_000, ADA.replace("Ada", "Bea"): NOTEBOOK})
    found = rows(collect(course, "mlp", path))
    assert found[ADA] == ["too-large"]
    assert set(submitted(course)) == {"Bea_Lovelace/mlp/mlp.ipynb"}


def test_a_header_that_lies_about_the_size_does_not_help_a_bomb(course, download, monkeypatch):
    monkeypatch.setattr(sources, "LARGEST", 1_000)
    path = download({ADA: b" " * 100_000})
    content = path.read_bytes().replace(struct.pack("<I", 100_000), struct.pack("<I", 10))
    path.write_bytes(content)
    found = rows(collect(course, "mlp", path))
    assert found[ADA][0] in ("too-large", "unreadable")
    assert submitted(course) == {}


def test_more_files_than_a_class_has_are_refused(course, download, monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    with pytest.raises(ValueError, match="at most 2 files"):
        collect(course, "mlp", download({f"{n}.txt": b"" for n in range(3)}))


def test_more_bytes_than_a_class_has_are_left_out(course, download, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 20)
    names = [f"{who}_1_assignsubmission_file_mlp.ipynb" for who in "abc"]
    found = rows(collect(course, "mlp", download(dict.fromkeys(names, NOTEBOOK))))
    assert [found[name][0] for name in names] == ["collected", "too-large", "too-large"]


def test_a_damaged_and_an_encrypted_member(course, download):
    path = download({ADA: NOTEBOOK * 50, ADA.replace("Ada", "Bea"): NOTEBOOK})
    content = bytearray(path.read_bytes())
    start = content.index(ADA.encode()) + len(ADA)
    content[start : start + 8] = b"\xff" * 8
    central = content.rindex(ADA.replace("Ada", "Bea").encode()) - 46
    content[central + 8] |= 1  # says: encrypted
    path.write_bytes(content)
    found = rows(collect(course, "mlp", path))
    assert found == {ADA: ["unreadable"], ADA.replace("Ada", "Bea"): ["unreadable"]}


def test_a_name_that_is_there_twice_has_two_rows(course, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(ADA, NOTEBOOK)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(ADA, OTHER)
    found = collect(course, "mlp", path)
    assert [label for label, _ in found] == [ADA, ADA]
    assert all(messages[-1].code == "several-notebooks" for _, messages in found)


def test_control_characters_do_not_reach_the_terminal(course, download):
    found = collect(course, "mlp", download({"\x1b[2J\n_1_2_mlp.ipynb": NOTEBOOK}))
    assert all(label.isprintable() for label, _ in found)
    assert all(message.text.isprintable() for _, messages in found for message in messages)


# Folders.


def test_a_folder_as_a_platform_gives_it(course, tmp_path):
    folder = tmp_path / "unpacked"
    path = folder / ADA
    path.parent.mkdir(parents=True)
    path.write_bytes(NOTEBOOK)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert rows(collect(course, "mlp", folder)) == {ADA: ["collected"]}
    assert stamp(course, "Ada_Lovelace") == "2023-11-14 22:13:20"
    assert path.read_bytes() == NOTEBOOK


def test_links_and_devices_in_a_folder_are_left_out(course, tmp_path):
    folder, secret = tmp_path / "unpacked", tmp_path / "secret"
    secret.mkdir()
    (secret / "mlp.ipynb").write_bytes(NOTEBOOK)
    folder.mkdir()
    (folder / "a_1_assignsubmission_file").symlink_to(secret)
    (folder / "b_1_assignsubmission_file_mlp.ipynb").symlink_to(secret / "mlp.ipynb")
    os.mkfifo(folder / "c_1_assignsubmission_file_mlp.ipynb")
    found = rows(collect(course, "mlp", folder))
    assert list(found.values()) == [["link"]] * 3
    assert submitted(course) == {}


def test_a_path_that_cannot_be_read(course, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    for path in (tmp_path / "x.zip", tmp_path / "none"):
        with pytest.raises(ValueError, match="path must be a folder or a zip archive"):
            collect(course, "mlp", path)


def test_an_empty_download_names_who_is_missing(course, download):
    enrol(course, {"id": "ada"})
    assert rows(collect(course, "mlp", download({}))) == {"ada": ["missing"]}


def test_wrong_arguments(course, download):
    with pytest.raises(ValueError, match="name must be an assignment"):
        collect(course, "none", download({}))
    with pytest.raises(ValueError, match="platform must be one of moodle, canvas, got 'ilias'"):
        collect(course, "mlp", download({}), "ilias")


@pytest.mark.parametrize("platform", platforms.PATTERNS)
@pytest.mark.parametrize("unit", ["_1", "a/", "_1_assignsubmission_file", "_1_x/", "1", "LATE_"])
@pytest.mark.parametrize("end", ["", "/", "\n/x.ipynb"])
def test_a_name_cannot_stop_the_run(platform, unit, end):
    name = unit * (sources.LONGEST_NAME // len(unit)) + end
    start = time.process_time()
    platforms.owner(platform, name)
    platforms.recognised([name])
    assert time.process_time() - start < 1


def test_a_class_of_two_hundred_is_quick(course, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(200):
            name = f"Student {number}_{number}_assignsubmission_file/mlp.ipynb"
            archive.writestr(name, json.dumps({"cells": [number]}))
    path = tmp_path / "class.zip"
    path.write_bytes(packed.getvalue())
    assert len(collect(course, "mlp", path)) == 200
    assert len(submitted(course)) == 200
