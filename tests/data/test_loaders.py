"""The shipped sets: shapes, types, ranges, balance, disjoint splits, checksums, copies."""

import hashlib
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from course_utils import data
from course_utils.data import shipped

SIZES = {"train": (8000, 2200), "val": (1000, 320), "test": (2000, 600)}
LABELLED = [(data.load_mnist, (28, 28), 10), (data.load_bloodmnist, (3, 28, 28), 8)]


@pytest.mark.parametrize(("load", "shape", "classes"), LABELLED)
@pytest.mark.parametrize("split", SIZES)
def test_labelled_images(load, shape, classes, split):
    found = load(split)
    count = SIZES[split][LABELLED.index((load, shape, classes))]
    assert len(found) == count
    assert found.images.shape == (count, *shape)
    assert found.images.dtype == np.float32
    assert found.images.flags.c_contiguous
    assert 0 <= found.images.min() < 0.1
    assert found.images.max() == 1
    assert found.labels.dtype == np.int64
    assert found.labels.shape == (count,)
    assert len(found.class_names) == classes
    assert np.bincount(found.labels).tolist() == [count // classes] * classes


def digests(images) -> set[str]:
    return {hashlib.sha256(image.tobytes()).hexdigest() for image in images}


@pytest.mark.parametrize("load", [data.load_mnist, data.load_bloodmnist])
def test_splits_are_disjoint(load):
    train, val, test = (digests(load(split).images) for split in SIZES)
    assert not train & val
    assert not train & test
    assert not val & test


def test_values_are_the_files_divided_by_255():
    stored = shipped.read_arrays("mnist11k/mnist11k.npz")["x_val"]
    assert np.array_equal(np.rint(data.load_mnist("val").images * 255), stored)


# The sha256 of the pixels (N, 28, 28, 3) as MedMNIST has them.
CELLS = {
    "train": "7f93d975f67679b928a475a5a4145224938df1cc7872179dbd53baf625e0e118",
    "val": "05f52f0f98526d54970a9b6a9c042688f41863671391d872857290baf8c03548",
    "test": "84259d4c594f9b8366d075be564a0885a5823db28d3046a46739af91947fd57b",
}


@pytest.mark.parametrize("split", CELLS)
def test_cells_keep_every_pixel_of_their_source(split):
    images = np.moveaxis(data.load_bloodmnist(split).images, 1, -1)
    pixels = np.ascontiguousarray(np.rint(images * 255).astype(np.uint8))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == CELLS[split]


def test_a_digit_is_bright_on_dark_and_a_cell_has_three_channels():
    assert data.load_mnist("val").images.mean() < 0.2
    cells = data.load_bloodmnist("val").images
    assert np.abs(cells[:, 0] - cells[:, 2]).mean() > 0.05  # stained: red is not blue


def test_emoji():
    emoji = data.load_emoji()
    assert emoji.images.shape == (1911, 4, 32, 32)
    assert emoji.images.dtype == np.float32
    assert (emoji.images.min(), emoji.images.max()) == (0, 1)
    assert dict(zip(emoji.class_names, np.bincount(emoji.labels).tolist(), strict=True)) == {
        "Smileys & Emotion": 169,
        "People & Body": 386,
        "Component": 5,
        "Animals & Nature": 159,
        "Food & Drink": 131,
        "Travel & Places": 218,
        "Activities": 85,
        "Objects": 264,
        "Symbols": 224,
        "Flags": 270,
    }
    assert (emoji.names[0], emoji.code_points[0]) == ("grinning", "1F600")
    assert len(set(emoji.code_points)) == len(emoji) == len(emoji.names)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_emoji_over_a_plain_background(grey):
    emoji = data.load_emoji()
    laid = emoji.over(grey)
    assert laid.shape == (1911, 3, 32, 32)
    assert laid.dtype == np.float32
    clear, solid = emoji.images[:, 3] == 0, emoji.images[:, 3] == 1
    for channel in range(3):
        assert (laid[:, channel][clear] == np.float32(grey)).all()
        assert np.array_equal(laid[:, channel][solid], emoji.images[:, channel][solid])


def test_emoji_refuse_a_background_out_of_range():
    with pytest.raises(ValueError, match=r"grey: got 255, expected a number in \[0, 1\]"):
        data.load_emoji().over(255)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("brick", (512, 512)),
        ("camera", (512, 512)),
        ("coins", (303, 384)),
        ("chelsea", (3, 300, 451)),
        ("coffee", (3, 400, 600)),
        ("rocket", (3, 427, 640)),
    ],
)
def test_photos(name, shape):
    photo = data.load_photo(name)
    assert photo.shape == shape
    assert photo.dtype == np.float32
    assert photo.min() >= 0
    assert 0.6 < photo.max() <= 1
    assert photo.flags.c_contiguous


REGIONS = {"train": [404, 214], "val": [68], "test": [102, 65], "extra": [61, 37]}


@pytest.mark.parametrize("region", REGIONS)
def test_tree_crowns(region):
    trees = data.load_treecrowns(region)
    assert [len(boxes) for boxes in trees.boxes] == REGIONS[region]
    assert trees.class_names == ("tree",)
    assert len(trees) == len(trees.names) == len(trees.labels)
    for image, boxes, labels in zip(trees.images, trees.boxes, trees.labels, strict=True):
        assert image.dtype == boxes.dtype == np.float32
        assert labels.tolist() == [0] * len(boxes)
        assert 0 <= image.min() < image.max() <= 1
        _, height, width = image.shape
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert (boxes[:, 2:] <= (width, height)).all()


def test_tree_bands_are_disjoint_and_cover_the_photograph():
    heights = {}
    for region in ("train", "val", "test"):
        trees = data.load_treecrowns(region)
        for name, image in zip(trees.names, trees.images, strict=True):
            heights[name] = heights.get(name, 0) + image.shape[1]
    assert heights == {"yell_528.jpg": 2472, "yell_541.jpg": 1035}


def test_a_band_is_cut_where_its_boxes_are():
    whole = shipped.read_image(shipped.shipped("treecrowns/images/yell_528.jpg"))
    val = data.load_treecrowns("val")
    assert np.array_equal(val.images[0], whole[:, 1792:2048])


@pytest.mark.parametrize(("split", "rows", "count"), [("train", 320, 79), ("val", 64, 20), ("test", 128, 36)])  # fmt: skip  # noqa: E501
def test_nuclei(split, rows, count):
    nuclei = data.load_nuclei(split)
    assert nuclei.images.shape == nuclei.instances.shape == (1, rows, 512)
    assert (nuclei.images.dtype, nuclei.instances.dtype) == (np.float32, np.int64)
    assert 0 <= nuclei.images.min() < nuclei.images.max() <= 1
    assert np.unique(nuclei.instances).tolist() == list(range(count + 1))
    (boxes,) = nuclei.boxes()
    assert boxes.shape == (count, 4)
    assert (
        nuclei.images[nuclei.instances > 0].mean() > 2 * nuclei.images[nuclei.instances == 0].mean()
    )


def test_nuclei_bands_are_the_whole_field():
    stored = shipped.read_arrays("nuclei125/nuclei125.npz")
    parts = [data.load_nuclei(split) for split in ("train", "val", "test")]
    together = np.concatenate([part.images[0] for part in parts])
    assert np.array_equal(np.rint(together * 255), stored["image"])
    mask = np.concatenate([part.instances[0] > 0 for part in parts])
    assert np.array_equal(mask, stored["instances"] > 0)


def test_boxes_are_half_open():
    instances = np.zeros((5, 7), dtype=np.int64)
    instances[1:3, 2:6] = 2
    instances[4, 0] = 1
    assert data.boxes_of(instances).tolist() == [[0, 4, 1, 5], [2, 1, 6, 3]]
    assert data.boxes_of(np.zeros((2, 2), dtype=np.int64)).shape == (0, 4)


def test_boxes_refuse_a_label_without_pixels():
    message = r"instances: got no pixel with the labels \[1, 2\], expected every label of 1..3"
    with pytest.raises(ValueError, match=message):
        data.boxes_of(np.array([[0, 3]]))


@pytest.mark.parametrize(
    ("load", "argument", "accepted"),
    [
        (data.load_mnist, "split", "train, val, test"),
        (data.load_bloodmnist, "split", "train, val, test"),
        (data.load_nuclei, "split", "train, val, test"),
        (data.load_treecrowns, "region", "train, val, test, extra"),
        (data.load_photo, "name", "brick, camera, chelsea, coffee, coins, rocket"),
        (data.load_bccd, "split", "train, val, test"),
        (data.load_grocery, "split", "train, val, test"),
        (data.load_nuclei256, "split", "train, val, test"),
    ],
)
@pytest.mark.parametrize("value", ["valid", "", 0, None])
def test_another_value_is_refused(load, argument, accepted, value):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        load(value)
    assert str(caught.value) == f"{argument}: got {value!r}, expected one of {accepted}"


def test_arrays_belong_to_the_caller():
    first = data.load_mnist("val")
    first.images[:] = 7
    first.labels[:] = 7
    second = data.load_mnist("val")
    assert second.images.max() == 1
    assert np.bincount(second.labels).tolist() == [100] * 10


def test_results_cannot_be_reassigned():
    with pytest.raises(FrozenInstanceError):
        data.load_mnist("val").images = None  # pyright: ignore


def test_checksums_name_every_data_file_and_hold():
    found = {
        path.relative_to(shipped.FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shipped.FOLDER.rglob("*")
        if path.suffix in {".npz", ".png", ".jpg", ".webp"}
        or path.name in {"annotations.json", "booktext.txt"}
    }
    assert found == shipped.checksums()


def test_every_set_has_its_datasheet_and_licence():
    for folder in {name.split("/")[0] for name in shipped.checksums()}:
        names = {path.name for path in (shipped.FOLDER / folder).iterdir()}
        assert "DATASHEET.md" in names
        assert any(name.startswith("LICENSE") for name in names), folder
        sheet = (shipped.FOLDER / folder / "DATASHEET.md").read_text(encoding="utf-8")
        for path, digest in shipped.checksums().items():
            assert not path.startswith(f"{folder}/") or digest in sheet, path


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A copy of the shipped digits that lost its end, in place of the installed one."""
    (tmp_path / "mnist11k").mkdir()
    file = tmp_path / "mnist11k" / "mnist11k.npz"
    file.write_bytes((shipped.FOLDER / "mnist11k" / "mnist11k.npz").read_bytes()[:-1])
    shipped.checksums()  # read before the folder is exchanged
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    shipped.shipped.cache_clear()
    yield file
    shipped.shipped.cache_clear()


def test_a_damaged_file_is_refused(damaged):
    with pytest.raises(data.DamagedFileError) as caught:
        data.load_mnist("val")
    message = str(caught.value)
    assert f"{damaged} is not the file that ships with course-utils" in message
    assert "expected sha256 236a1d5e1249" in message
    assert hashlib.sha256(damaged.read_bytes()).hexdigest() in message
    assert f"git checkout -- {damaged}" in message


def test_a_missing_file_is_refused(damaged):
    damaged.unlink()
    with pytest.raises(data.DamagedFileError, match="found no such file"):
        data.load_mnist("val")


def test_a_file_is_hashed_once_a_process(monkeypatch):
    data.load_mnist("val")
    monkeypatch.setattr(shipped.hashlib, "sha256", None)  # calling it again would fail
    assert len(data.load_mnist("val")) == 1000


def test_importing_and_loading_arrays_needs_numpy_only():
    code = (
        "import sys; from course_utils import data; data.load_mnist('val'); data.available();"
        "heavy = {'torch', 'PIL', 'pooch', 'requests', 'tqdm', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
