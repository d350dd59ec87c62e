"""The recipes of the other two on-demand sets on tiny archives, and the registry itself."""

import io
import json
import re

import loopback
import numpy as np
import pytest
from PIL import Image

from course_utils.data import available, load_grocery, load_nuclei256, on_demand, recipes


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Serve an archive as one on-demand set, for one test."""
    running = []

    def one(name: str, content: bytes) -> None:
        entry = loopback.entry_for(name, content, tmp_path)
        monkeypatch.setattr(on_demand, "available", lambda: {name: entry})
        running.append(loopback.Loopback(content).__enter__())
        monkeypatch.setenv("COURSE_DATA_MIRROR", running[-1].address)

    yield one
    for server in running:
        server.__exit__()


def tiny_grocery() -> bytes:
    files = {
        "LICENSE": b"MIT",
        "dataset/classes.csv": b"Class Name,ID,Coarse,ID,Icon,Text\n"
        b"Gala,0,Apple,0,/a,/b\nFuji,1,Apple,0,/a,/b\nLeek,2,Leek,1,/a,/b\n",
        "dataset/iconic-images/x.jpg": b"not selected",
    }
    rows = {"train": [("Gala", 0, 0), ("Leek", 2, 1), ("Fuji", 1, 0)]}
    for split in ("train", "val", "test"):
        lines = []
        for number, (name, fine, coarse) in enumerate(rows.get(split, [("Leek", 2, 1)])):
            path = f"{split}/{name}_{number}.jpg"
            lines.append(f"{path}, {fine}, {coarse}\n")
            files[f"dataset/{path}"] = loopback.picture(464, 352, "JPEG", number)
        files[f"dataset/{split}.txt"] = "".join(lines).encode()
    return loopback.zipped(files)


def test_grocery(serve):
    serve("grocery64", tiny_grocery())
    fine, coarse, ten = (load_grocery("train", level) for level in ("fine", "coarse", "ten"))
    assert (fine.class_names, fine.labels.tolist()) == (("Gala", "Fuji", "Leek"), [0, 2, 1])
    assert (coarse.class_names, coarse.labels.tolist()) == (("Apple", "Leek"), [0, 1, 0])
    assert (ten.class_names[0], ten.labels.tolist(), len(ten.class_names)) == ("Apple", [0, 0], 10)
    assert fine.images.shape == (3, 3, 64, 64)
    assert fine.images.dtype == np.float32
    assert load_grocery("val").labels.tolist() == [1]


def test_grocery_takes_the_centre_square():
    wide = Image.fromarray(np.tile(np.arange(464, dtype=np.uint8) // 2, (348, 1)))
    columns = np.asarray(recipes._centre_square(wide))
    assert columns.shape == (348, 348)
    assert columns[0, 0] == 58 // 2
    assert recipes._centre_square(wide.rotate(90, expand=True)).size == (348, 348)


def test_grocery_refuses_another_level():
    with pytest.raises(ValueError, match=r"level: got 'all', expected one of fine, coarse, ten"):
        load_grocery("train", "all")


def png(pixels: np.ndarray) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG")
    return packed.getvalue()


def test_nuclei(serve, monkeypatch, tmp_path):
    names = {split: f"{number:064x}" for number, split in enumerate(("train", "val", "test"), 1)}
    names = {split: name[::-1] for split, name in names.items()}
    prefixes = {split: [name[:10]] for split, name in names.items()}
    (tmp_path / "nuclei256_ids.json").write_text(json.dumps(prefixes))
    monkeypatch.setattr(recipes, "FOLDER", tmp_path)
    files = {"README.rst": b"CC0"}
    grey = np.zeros((260, 360, 3), dtype=np.uint8)
    grey[2:4, 52:56] = 200  # the crop starts at row 2, column 52
    outside, one, two = (np.zeros((260, 360), dtype=np.uint8) for _ in range(3))
    outside[0, 0], one[2:4, 52:54], two[2:4, 54:56] = 255, 255, 255
    for name in names.values():
        files[f"stage1_train/{name}/images/{name}.png"] = png(grey)
        for letter, mask in zip("abc", (outside, two, one), strict=True):
            files[f"stage1_train/{name}/masks/{letter}.png"] = png(mask)
    serve("nuclei256", loopback.zipped(files))
    val = load_nuclei256("val")
    assert val.images.shape == val.instances.shape == (1, 256, 256)
    assert val.instances[0, :2, :4].tolist() == [[2, 2, 1, 1]] * 2  # by file name, outside skipped
    assert val.instances.sum() == 12
    assert val.images[0, 0, 0] == np.float32(200 / 255)
    assert val.boxes()[0].tolist() == [[2, 0, 4, 2], [0, 0, 2, 2]]


def test_two_builds_are_the_same_bytes(serve, tmp_path):
    serve("grocery64", tiny_grocery())
    first, second = (
        on_demand.fetch("grocery64", cache_dir=tmp_path / name, progress=False) for name in "ab"
    )
    assert (first / "SHA256SUMS").read_text() == (second / "SHA256SUMS").read_text()


def test_the_registry_is_pinned_and_complete():
    assert set(available()) == set(recipes.RECIPES) == {"bccd320", "grocery64", "nuclei256"}
    for entry in available().values():
        assert re.fullmatch(r"[0-9a-f]{40}", entry.commit)
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.url == f"{entry.home}/archive/{entry.commit}.zip"
        assert entry.licence
        assert entry.citation
        assert 0 < entry.built_bytes < entry.download_bytes


def test_the_list_of_sets_cannot_be_changed_by_its_reader():
    available().clear()
    assert "bccd320" in available()


def test_the_chosen_nuclei_are_317_different_images():
    chosen = json.loads((recipes.FOLDER / "nuclei256_ids.json").read_text())
    assert {split: len(ids) for split, ids in chosen.items()} == {
        "train": 206,
        "val": 31,
        "test": 80,
    }
    assert len({one for ids in chosen.values() for one in ids}) == 317
