"""Mocks of the reference network's training set: what is read, and what is refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picassso.archive import read_paper_mock
from picassso.archive.paper_mock import is_paper_mock
from picassso.core import PROPERTY_NAMES, InputError

PROPERTIES = (
    "gas_GFM_Metallicity",
    "gas_Masses",
    "gas_NeutralHydrogenAbundance",
    "gas_StarFormationRate",
    "stars_GFM_Metallicity",
    "stars_GFM_StellarFormationTime",
    "stars_Masses",
)
SIDE = 32


def fields(**changed: object) -> dict[str, np.ndarray]:
    """Arrays of a small mock: one lone gas cell of 0.63e6 Msun in each pixel of 0.5 kpc."""
    gt = np.full((7, SIDE, SIDE), np.log10(0.63e6 / 0.25), np.float32)
    gt[:, 0] = -100.0
    made = {
        "img": np.random.default_rng(0).normal(2, 0.1, (5, SIDE, SIDE)).astype(np.float32),
        "gt": gt,
        "bands": np.array(list("ugriz")),
        "properties": np.array(PROPERTIES),
    }
    return made | {k: v for k, v in changed.items() if v is not None}


def write(path: Path, **changed: object) -> Path:
    np.savez_compressed(path, **fields(**changed))
    return path


def refused(path: Path, *words: str, **options: float) -> None:
    with pytest.raises(InputError) as caught:
        read_paper_mock(path, **options)
    for word in (re.escape(path.name), *words):
        assert re.search(word, str(caught.value)), f"{word!r} is not in: {caught.value}"


def test_values_and_their_places(tmp_path: Path) -> None:
    gt, img = fields()["gt"], fields()["img"]
    gt[6, 5, 9], gt[1, 5, 9], gt[2, 5, 9], gt[5, 5, 9] = 8.0, 7.0, 6.0, 1.0
    img[:, 9, 5] = 3.0
    img[:, 4, :] = np.log(1e-4)
    image, maps = read_paper_mock(write(tmp_path / "a.npz", gt=gt, img=img))
    # The maps of the file are transposed against its image; those that are read are not.
    np.testing.assert_allclose(image.flux[:, 9, 5], np.exp(3.0), rtol=1e-6)
    here = {name: maps[name][9, 5] for name in PROPERTY_NAMES}
    assert here["stellar_mass"] == pytest.approx(1e8)
    assert here["gas_mass"] == pytest.approx(1e7)
    assert here["hi_mass"] == pytest.approx(0.76e6)
    assert here["stellar_age_mass"] == pytest.approx(10 * 0.6 * 1.26e6)
    assert not maps.cube[:, :, 0].any() and (maps.cube[:, :, 1:] > 0).all()
    assert image.mask[4].all() and image.mask.sum() == SIDE and not image.flux[:, 4].any()
    assert "UNIT THAT THE FILE DOES NOT STATE" in image.assumptions[0]


def test_pixel_size_by_lone_gas_cells_or_as_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz")
    image, maps = read_paper_mock(path)
    assert maps.pixel_area == pytest.approx(0.25, rel=1e-5)
    assert "pixel_area_estimated" in maps.flags
    image, maps = read_paper_mock(path, kpc_per_pixel=0.3)
    assert maps.pixel_area == pytest.approx(0.09) and "pixel_area_estimated" not in maps.flags
    # At a redshift of 0.05 an arcsec spans 0.978 kpc.
    assert image.pixel_scale == pytest.approx(0.3 / 0.978, rel=1e-3)
    with pytest.raises(InputError, match="kpc_per_pixel -1"):
        read_paper_mock(path, kpc_per_pixel=-1.0)


def test_without_gas_the_pixel_size_must_be_given(tmp_path: Path) -> None:
    gt = fields()["gt"]
    gt[1] = -100.0
    path = write(tmp_path / "a.npz", gt=gt)
    refused(path, "states no pixel size", "give kpc_per_pixel")
    assert read_paper_mock(path, kpc_per_pixel=0.5)[1].total("gas_mass") == 0


def test_real_mock(data_dir: Path) -> None:
    image, maps = read_paper_mock(data_dir / "illustris_mock" / "subhalo_10000.npz")
    assert image.shape == maps.shape == (256, 256) and image.mask.sum() == 511
    # Light and mass lie on each other as they stand, better than in any other of the four
    # arrangements that a galaxy of point symmetry leaves open.
    core = np.s_[96:160, 96:160]
    light = np.log(image.flux[image.bands.index("r")][core]).ravel()
    mass = np.log(maps["stellar_mass"] + 1e5)
    arranged = {"as read": mass, "transposed": mass.T, "turned": mass[::-1, ::-1]}
    arranged["both"] = mass.T[::-1, ::-1]
    match = {k: np.corrcoef(light, m[core].ravel())[0, 1] for k, m in arranged.items()}
    assert max(match, key=match.__getitem__) == "as read", match
    # Ages know nothing of the gas cells that the pixel size comes from: the oldest of the lone
    # star particles must be old, yet no older than the universe (13.8 Gyr).
    lone = np.percentile(maps["stellar_mass"][maps["stellar_mass"] > 0], 5)
    alone = (maps["stellar_mass"] > 0) & (maps["stellar_mass"] <= lone)
    oldest = maps["stellar_age_mass"][alone].max() / (0.6 * 1.26e6) * maps.pixel_area
    assert 11.0 < oldest < 13.8
    ratio = maps["hi_mass"][maps["gas_mass"] > 0] / maps["gas_mass"][maps["gas_mass"] > 0]
    assert 0.7 < ratio.max() <= 0.76
    assert (maps["stellar_metal_mass"] <= 0.2 * maps["stellar_mass"]).all()


def test_its_fields_tell_what_it_is(tmp_path: Path) -> None:
    assert is_paper_mock(write(tmp_path / "a.npz"))
    assert not is_paper_mock(write(tmp_path / "b.npz", more=np.zeros(3)))
    (tmp_path / "c.npz").write_text("no archive")
    assert not is_paper_mock(tmp_path / "c.npz") and not is_paper_mock(tmp_path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"bands": np.array(list("grizy"))}, ("bands are", "'y'", "expected", "'u'")),
        ({"properties": np.array(PROPERTIES[:6])}, ("properties are", "stars_Masses")),
        ({"properties": np.array((PROPERTIES[0],) * 7)}, ("properties are",)),
        ({"img": np.zeros((4, SIDE, SIDE))}, (r"\(4, 32, 32\)", r"\(5, N, N\)")),
        ({"img": np.zeros((5, SIDE, SIDE), int)}, ("int", "floating-point")),
        ({"img": np.full((5, SIDE, SIDE), np.nan)}, ("finite",)),
        ({"img": np.zeros((5, 8, 8))}, ("differ in size",)),
        ({"img": np.full((5, SIDE, SIDE), 1e9)}, ("no logarithm",)),
        ({"gt": np.zeros((7, SIDE))}, (r"gt has shape \(7, 32\)",)),
        ({"more": np.zeros(3)}, ("holds bands, gt, img, more, properties", "nothing else")),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, changed: dict, words: tuple[str, ...]) -> None:
    refused(write(tmp_path / "a.npz", **changed), *words)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    trapped = np.array([Trap()], dtype=object)
    refused(write(tmp_path / "a.npz", img=trapped), "pickled objects", "never loaded")
    trapped.dump(tmp_path / "b.npz")
    refused(tmp_path / "b.npz", "not a NumPy archive")
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent.npz", "no such file")
    refused(tmp_path, "is a folder")
    path = tmp_path / "a.npz"
    np.save(tmp_path / "a.npy", np.zeros(3))
    (tmp_path / "a.npy").rename(path)
    refused(path, "not a NumPy archive")
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("bands", "gt", "img", "properties"):
            archive.writestr(f"{name}.npy", b"not an array")
    refused(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("mock") / "whole.npz")


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_file_is_refused_or_read_alike(whole: Path, data: st.DataObject) -> None:
    path = whole.with_name("a.npz")
    content = bytearray(whole.read_bytes())
    if data.draw(st.booleans(), "cut"):
        content = content[: data.draw(st.integers(0, len(content) - 1), "kept")]
    else:
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1), "places"):
            content[place] ^= data.draw(st.integers(1, 255), "bits")
    path.write_bytes(bytes(content))
    try:
        _, maps = read_paper_mock(path)
    except InputError as error:
        assert "a.npz" in str(error) and "\n" not in str(error)
    else:
        # The checksum of each array still fits, so only what describes it was hit.
        np.testing.assert_array_equal(maps.cube, read_paper_mock(whole)[1].cube)
