"""Every kind of thing says what it is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from fits_galaxies import galaxy, image_hdu, make_wcs, write_cube
from picassso import info
from picassso.archive import write_maps
from picassso.core import InputError
from picassso.painting import paint
from tiny_weights import write_tiny_weights


def facts(path) -> dict[str, str]:
    return dict(info(path).facts)


def test_image(tmp_path) -> None:
    path = write_cube(
        tmp_path / "g.fits",
        galaxy()[1:4],
        bands="gri",
        wcs=make_wcs(),
        extra=[image_hdu(np.zeros((64, 64), np.uint8), "MASK")],
    )
    said = facts(path)
    assert said["bands"] == "g r i (of sdss, u z missing)"
    assert said["size"] == "64 x 64 pixels" and said["pixel scale"] == "0.4 arcsec"
    assert said["redshift"] == "0.05" and said["holds also"] == "MASK"


def test_weights_and_maps(tmp_path) -> None:
    weights = write_tiny_weights(tmp_path / "w.onnx")
    assert facts(weights)["bands"] == "u g r i z" and info(weights).kind == "weights"
    assert "redshift 0.01 to 0.15" in facts(weights)["trained on"]
    image = write_cube(tmp_path / "g.fits", galaxy(), wcs=make_wcs())
    write_maps(paint(image, weights=weights), tmp_path / "m.fits")
    said = info(tmp_path / "m.fits")
    assert said.kind == "maps" and "tiny" in str(said)
    assert dict(said.facts)["total stellar_mass"].endswith("solMass")


def test_training_run(tmp_path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"config": {"seed": 3}, "version": "0.1.0"}))
    assert facts(tmp_path)["config seed"] == "3"


def test_snapshot(data_dir) -> None:
    said = info(data_dir / "simspin" / "IllustrisTNG.hdf5")
    assert said.kind == "snapshot"
    assert dict(said.facts)["galaxies"] == "1" and int(dict(said.facts)["star particles"]) > 1900


def test_unknown_things(tmp_path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("notes")
    with pytest.raises(InputError, match=r"notes\.txt: not something that PICASSSO knows"):
        info(path)
    with pytest.raises(InputError, match="holds no data set"):
        info(tmp_path)
    with pytest.raises(InputError, match=r"absent: there is no such file"):
        info(tmp_path / "absent")


def test_redshift_that_is_none_and_truncated_file(tmp_path, recwarn) -> None:
    path = write_cube(tmp_path / "g.fits", galaxy(), wcs=make_wcs(), redshift=None)
    fits.setval(path, "REDSHIFT", value="unknown")
    assert "unknown" in facts(path)["redshift"]
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(InputError, match="cut short"):
        info(path)
    assert not any("truncated" in str(w.message) for w in recwarn)


def test_spectra(data_dir, tmp_path) -> None:
    one = info(data_dir / "sdss_spectra" / "spec-0266-51630-0168.fits")
    said = dict(one.facts)
    assert one.kind == "spectrum" and said["format"] == "SDSS spec"
    assert said["redshift"] == "0.067406" and said["wavelength"].endswith("Angstrom in vacuum")
    many = info(data_dir / "manga_spectra" / "MaNGA_test_spectra.fits.gz")
    said = dict(many.facts)
    assert many.kind == "spectra" and said["spectra"] == "8"
    assert said["redshift"] == "0.017161 to 0.050231" and said["masked"] == "0.021915 to 100%"
    assert said["flags"] == "no_valid_pixels, units_assumed"
    table = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: flux, datatype: float64}\nflux\n1.0\n"
    (tmp_path / "notes.txt").write_text(table)
    with pytest.raises(InputError, match=r"notes\.txt: no column of wavelengths"):
        info(tmp_path / "notes.txt")


def test_spectra_without_a_redshift_are_said_to_be(tmp_path) -> None:
    columns = {name: [1.0, 2.0] for name in ("wavelength", "flux", "std")}
    table = Table(columns, units={"wavelength": "nm", "flux": "mJy", "std": "mJy"})
    table.write(tmp_path / "s.fits")
    said = facts(tmp_path / "s.fits")
    assert said["redshift"] == "none said" and said["resolution"] == "unknown"
    assert said["flags"] == "medium_assumed_vacuum, resolution_unknown"


def test_mock_of_the_reference_network(data_dir) -> None:
    said = info(data_dir / "illustris_mock" / "subhalo_10000.npz")
    assert said.kind == "mock with its true maps" and dict(said.facts)["bands"] == "u g r i z"
    assert "UNIT THAT THE FILE DOES NOT STATE" in dict(said.facts)["assumed"]


def test_maps_in_hdf5_are_no_snapshot(data_dir, tmp_path) -> None:
    path = next((data_dir / "illustris_maps").glob("*.h5"))
    with pytest.raises(InputError, match=r"holds maps of 256 x 256 pixels \(stars_GFM_Met.* not"):
        info(path)
    (tmp_path / "a.hdf5").write_bytes((data_dir / "camels" / "snap.hdf5").read_bytes()[:9000])
    with pytest.raises(InputError, match=r"a\.hdf5.*truncated"):
        info(tmp_path / "a.hdf5")


def test_folder_of_cutouts(data_dir, tmp_path) -> None:
    for name in ("417175_stars", "412271_gas"):
        source = data_dir / "illustris_particles" / f"subhalo_{name}.hdf5"
        (tmp_path / source.name).symlink_to(source)
    said = dict(info(tmp_path).facts)
    assert said["galaxies"] == "2" and said["format"] == "illustris"


def test_a_header_is_judged_as_for_painting(tmp_path) -> None:
    axes = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0}
    path = write_cube(tmp_path / "g.fits", galaxy(), redshift=True, SIMZ=50.0, **axes)
    said = facts(path)
    assert said["redshift"] == "REDSHIFT = True, SIMZ = 50.0, which is none"
    assert said["WCS"] == "without CDELT and CD" and said["pixel scale"].startswith("none said")
