"""`picassso spectrum` and `picassso targets`: what they write and say, and bad input."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from fits_galaxies import galaxy, make_wcs, write_cube
from picassso.cli import main
from picassso.core import REST_GRID
from picassso.painting.spectra import read_predicted
from tiny_spectrum_weights import write_tiny_spectrum_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_spectrum_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def picassso(monkeypatch, capsys):
    """Run a command; its exit code, standard output and standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["picassso", *(str(w) for w in words)])
        monkeypatch.setenv("COLUMNS", "160")
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def quick_figure(monkeypatch) -> None:
    """An empty figure, where the test is about something else."""
    import picassso.painting.spectra.picture as picture

    def blank(*_, **__):
        from matplotlib.figure import Figure

        return Figure(figsize=(1, 1))

    monkeypatch.setattr(picture, "draw_spectrum", blank)


def files_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_spectrum_writes_tables_and_a_figure(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    out = tmp_path / "new" / "spectra"
    code, said, err = picassso("spectrum", image, "-o", out, "--weights", weights)
    assert (code, err) == (0, "")
    assert files_in(out) == ["m99_spectrum.fits", "m99_spectrum.png"]
    assert (out / "m99_spectrum.png").read_bytes().startswith(b"\x89PNG")
    found = read_predicted(out / "m99_spectrum.fits")
    assert (found.galaxy_id, found.frame, len(found.latent_samples)) == ("m99", "rest", 0)
    np.testing.assert_array_equal(found.wavelength, REST_GRID)
    np.testing.assert_allclose(found.sky, (150.0, 2.0), atol=1e-4)
    low, middle, high = (f"{v:.3g}" for v in found.index("EW_Halpha")[1:4])
    for words in (f"{middle} ({low} to {high})", "EW Halpha", "D4000", "star-forming"):
        assert words in said
    assert "Note: the stellar models resolve less" in said
    assert found.provenance["weights"] == "tiny spectra"


@pytest.mark.usefixtures("quick_figure")
def test_spectrum_passes_options_on(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy((80, 72)), wcs=make_wcs((80, 72)))
    options = ["--redshift", 0.08, "--ebv", 0.1, "--psf-fwhm", "1.5,1.4,1.3,1.2,1.1"]
    options += ["--pixel-scale", 0.5, "--position", "30,44.5", "--samples", 40, "--seed", 2]
    options += ["--save-samples", "--frame", "observed", "--weights", weights]
    out = tmp_path / "o"
    assert picassso("spectrum", image, "-o", out, *options)[0] == 0
    found = read_predicted(out / "m99_spectrum.fits")
    assert (found.redshift, found.frame, found.position) == (0.08, "observed", (30.0, 44.5))
    np.testing.assert_allclose(found.wavelength, 1.08 * REST_GRID)
    assert found.latent_samples.shape == (40, 4)
    expected = {"ebv": "0.1", "psf_fwhm_arcsec": "1.5 1.4 1.3 1.2 1.1", "seed": "2"}
    assert {k: found.provenance[k] for k in expected} == expected
    samples = Table.read(out / "m99_spectrum.fits", hdu="SAMPLES")
    np.testing.assert_allclose(
        np.quantile(samples["EW_Halpha"], 0.5), found.index("EW_Halpha")[2], rtol=1e-5
    )


@pytest.mark.usefixtures("quick_figure")
def test_position_on_the_sky(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs(shift=(5.0, -4.0)))
    words = ("spectrum", image, "-o", tmp_path / "o", "--weights", weights, "--position")
    assert picassso(*words, "150d,+2d")[0] == 0
    found = read_predicted(tmp_path / "o" / "m99_spectrum.fits")
    np.testing.assert_allclose(found.position, (36.5, 27.5), atol=1e-6)


@pytest.mark.usefixtures("quick_figure")
def test_one_bad_galaxy_does_not_stop_the_others(tmp_path, picassso, weights) -> None:
    good = write_cube(tmp_path / "good.fits", galaxy(), wcs=make_wcs())
    bad = write_cube(tmp_path / "bad.fits", galaxy()[:4], bands="ugri", wcs=make_wcs())
    out = tmp_path / "o"
    code, _, err = picassso("spectrum", bad, good, "-o", out, "--weights", weights)
    assert code == 2 and "1 of 2 galaxies could not be given a spectrum" in err
    assert "band z is missing" in err
    assert files_in(out) == ["good_spectrum.fits", "good_spectrum.png"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--position", "100,3"], "lies off the image"),
        (["--position", "here"], "--position here: expected X,Y in pixels"),
        (["--position", "12h,45"], "expected X,Y in pixels"),
        (["--frame", "air"], "expected 'rest' or 'observed'"),
        (["--samples", 4], "4 samples are too few"),
        (["--redshift", -0.1], "redshift"),
        (["--weights", "nothing.onnx"], "no such weights file"),
    ],
)
def test_bad_input_is_one_message(tmp_path, picassso, weights, options, words) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    out = tmp_path / "o"
    code, said, err = picassso("spectrum", image, "-o", out, "--weights", weights, *options)
    assert code == 2 and said == "" and words in err
    assert err.startswith("picassso: ") and len(err.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.usefixtures("quick_figure")
def test_spectra_that_exist_are_kept(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    out = tmp_path / "o"
    words = ("spectrum", image, "-o", out, "--weights", weights)
    assert picassso(*words)[0] == 0
    before = (out / "m99_spectrum.fits").read_bytes()
    code, _, err = picassso(*words, "--seed", 5)
    assert code == 2 and "add --overwrite" in err
    assert (out / "m99_spectrum.fits").read_bytes() == before
    assert picassso(*words, "--seed", 5, "--overwrite")[0] == 0
    assert (out / "m99_spectrum.fits").read_bytes() != before
