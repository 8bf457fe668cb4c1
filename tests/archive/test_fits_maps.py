"""Maps as FITS: what is written comes back, by the names that were agreed."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from fits_galaxies import make_wcs
from picassso.archive.fits import read_maps, write_maps
from picassso.core import DERIVED, EXCESSES, PROPERTIES, PROPERTY_NAMES, InputError, Maps, Total


def make_maps(**changes) -> Maps:
    rng = np.random.default_rng(2)
    shape = (7, 12, 17)
    cube = rng.lognormal(14, 2, shape).astype(np.float32)
    mask = np.zeros(shape[1:], bool)
    mask[3, 4:6] = True
    cube[:, mask] = np.nan
    about = {
        "galaxy_id": "NGC 9999",
        "view": 0,
        "properties": PROPERTY_NAMES,
        "cube": cube,
        "pixel_area": 0.00012345678901234567,
        "std": 0.3 * cube,
        "p16": 0.7 * cube,
        "p50": 0.9 * cube,
        "p84": 1.2 * cube,
        "mask": mask,
        "wcs": make_wcs((12, 17)),
        "totals": (
            Total("stellar_mass", "frame", 1.1e11, 1e11, 1.05e11, 1.2e11, "solMass"),
            Total("stellar_age", "2 half-mass radii", 1 / 3, 0.1, 0.3, 0.7, "Gyr"),
        ),
        "flags": ("outside_training_range", "redshift_assumed"),
        "provenance": {"weights": "tiny", "assumptions": "z = 0.03\nPSF of the survey, ≈ 1″"},
    }
    return Maps(**{**about, **changes})


def assert_same(one: Maps, other: Maps) -> None:
    for name in ("galaxy_id", "view", "properties", "pixel_area", "totals", "flags"):
        assert getattr(one, name) == getattr(other, name), name
    assert dict(one.provenance) == dict(other.provenance)
    for name in ("cube", "std", "p16", "p50", "p84", "mask"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None), name
        if a is not None:
            assert a.dtype == b.dtype and b.dtype.isnative
            assert a.tobytes() == b.tobytes(), name


def test_round_trip_is_exact(tmp_path: Path) -> None:
    maps, path = make_maps(), tmp_path / "m.fits"
    write_maps(maps, path)
    back = read_maps(path)
    assert_same(maps, back)
    pixels = (np.array([0.0, 16.0]), np.array([3.0, 11.0]))
    np.testing.assert_allclose(
        back.wcs.pixel_to_world_values(*pixels),
        maps.wcs.pixel_to_world_values(*pixels),
        rtol=1e-12,
    )


def test_round_trip_of_bare_maps(tmp_path: Path) -> None:
    """Truth has no errors, no totals and perhaps no WCS."""
    bare = make_maps(
        properties=("gas_mass",),
        cube=make_maps().cube[4:5],
        **dict.fromkeys(("std", "p16", "p50", "p84", "mask", "wcs")),
        totals=(),
        flags=(),
        provenance={},
    )
    write_maps(bare, tmp_path / "m.fits.gz")
    assert_same(bare, read_maps(tmp_path / "m.fits.gz"))


@settings(max_examples=20, deadline=None)
@given(
    area=st.floats(1e-8, 1e8),
    name=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
    said=st.text(max_size=300).filter(lambda s: s == s.rstrip(" \0")),
    total=st.floats(allow_nan=False),
)
def test_round_trip_whatever_the_words(tmp_path_factory, area, name, said, total) -> None:
    path = tmp_path_factory.getbasetemp() / "words.fits"
    maps = make_maps(
        galaxy_id=name,
        properties=("gas_mass",),
        cube=np.full((1, 2, 3), area, np.float32),
        **dict.fromkeys(("std", "p16", "p50", "p84", "mask", "wcs")),
        pixel_area=area,
        provenance={"assumptions": said},
        totals=(Total("gas_mass", "frame", total, total, total, total, "solMass"),),
    )
    write_maps(maps, path, overwrite=True)
    assert_same(maps, read_maps(path))


@pytest.mark.parametrize("name", ["gäl", "銀河", "a\\b"])
def test_names_beyond_ascii(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name.replace(chr(92), '')}.fits"
    write_maps(make_maps(galaxy_id=name), path)
    assert read_maps(path).galaxy_id == name


def test_names_and_units_are_those_agreed(tmp_path: Path) -> None:
    from astropy import units

    maps, path = make_maps(), tmp_path / "m.fits"
    write_maps(maps, path)
    with fits.open(path) as hdus:
        hdus.verify("exception")
        held = {h.header.get("EXTNAME"): h for h in hdus}
        for name in PROPERTY_NAMES:
            for suffix in ("", "_std", "_p16", "_p50", "_p84"):
                header = held[name + suffix].header
                assert header["BUNIT"] == PROPERTIES[name].unit
                units.Unit(header["BUNIT"], format="fits")
                assert header["CTYPE1"] == "RA---TAN"
        for name in (*DERIVED, *EXCESSES):
            np.testing.assert_array_equal(held[name].data, maps.derived(name))
        assert held["MASK"].data.sum() == 2
        assert held["TOTALS"].data["P50"][0] == 1.05e11
        assert hdus[0].header["PIXAREA"] == maps.pixel_area
        history = "\n".join(hdus[0].header["HISTORY"])
    assert "weights: tiny" in history and "assumptions: z = 0.03" in history


def test_existing_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.fits"
    write_maps(make_maps(), path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"m\.fits: exists already"):
        write_maps(make_maps(galaxy_id="other"), path)
    assert path.read_bytes() == before
    write_maps(make_maps(galaxy_id="other"), path, overwrite=True)
    assert read_maps(path).galaxy_id == "other"


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: BinaryIO, _: Maps) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("picassso.archive.fits.maps._write_hdus", fail)
    with pytest.raises(OSError, match="No space left"):
        write_maps(make_maps(), tmp_path / "m.fits")
    assert list(tmp_path.iterdir()) == []


def test_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        write_maps(make_maps(), tmp_path / "absent" / "m.fits")


def test_files_that_are_no_maps(tmp_path: Path) -> None:
    other = tmp_path / "image.fits"
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(other)
    with pytest.raises(InputError, match=r"image\.fits: holds no maps"):
        read_maps(other)
    with pytest.raises(InputError, match=r"absent\.fits: there is no such file"):
        read_maps(tmp_path / "absent.fits")
    write_maps(make_maps(), tmp_path / "m.fits")
    cut = tmp_path / "cut.fits"
    cut.write_bytes((tmp_path / "m.fits").read_bytes()[:30000])
    with pytest.raises(InputError, match=r"cut\.fits: "):
        read_maps(cut)
    with fits.open(tmp_path / "m.fits") as hdus:
        hdus[0].header["MAPSFMT"] = 99
        hdus.writeto(tmp_path / "new.fits")
    with pytest.raises(InputError, match=r"new\.fits: layout 99"):
        read_maps(tmp_path / "new.fits")
