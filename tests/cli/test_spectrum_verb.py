"""`picassso spectrum` and `picassso targets`: what they write and say, and bad input."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from fits_galaxies import galaxy, make_wcs, write_cube
from picassso.archive.spectra import write_spectrum
from picassso.cli import main
from picassso.core import REST_GRID, Spectrum
from picassso.painting.spectra import (
    load_spectrum_weights,
    predict_spectrum,
    read_predicted,
    write_predicted,
)
from studied_galaxies import studied_store
from tiny_spectrum_weights import (
    make_image,
    write_tiny_spectrum_encoder,
    write_tiny_spectrum_weights,
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_tiny_spectrum_encoder(folder)
    return write_tiny_spectrum_weights(folder)


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
def test_spectrum_is_compared_with_an_observed_one(tmp_path, picassso, weights) -> None:
    n = 3970
    wavelength = 10.0 ** (3.549 + 1e-4 * np.arange(n))
    real = Spectrum(
        wavelength=wavelength,
        medium="vacuum",
        flux=np.full(n, 20.0, np.float32),
        inverse_variance=np.ones(n, np.float32),
        mask=np.zeros(n, bool),
        redshift=0.05,
        resolution=2000.0,
    )
    write_spectrum(real, tmp_path / "real.fits")
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    other = write_cube(tmp_path / "m98.fits", galaxy(), wcs=make_wcs())
    words = ("-o", tmp_path / "o", "--weights", weights, "--observed", tmp_path / "real.fits")
    code, said, err = picassso("spectrum", image, *words)
    assert (code, err) == (0, "")
    assert "observed" in said and "among validation galaxies" in said
    table = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED")
    np.testing.assert_allclose(table["flux"], 21.0, rtol=1e-5)
    code, _, err = picassso("spectrum", image, other, *words, "--overwrite")
    assert code == 2 and "is the spectrum of one galaxy" in err
    code, said, _ = picassso("spectrum", image, *words, "--overwrite", "--redshift", 0.1)
    assert code == 0 and "of redshift 0.05, the image of 0.1: are they of one galaxy?" in said
    assert table.meta["EBVOBS"] == 0
    # The galaxy, whose redshift no header says, has that of its spectrum.
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs(), redshift=None)
    code, said, _ = picassso("spectrum", image, *words, "--overwrite", "--ebv", 0.1)
    assert code == 0 and "redshift 0.05 is that of the observed spectrum" in said
    found = read_predicted(tmp_path / "o" / "m99_spectrum.fits")
    assert found.redshift == 0.05 and "redshift_assumed" not in found.flags
    table = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED")
    assert table.meta["EBVOBS"] == 0.1 and (table["flux"] > 1.1 * 21).all()
    options = ("--overwrite", "--ebv", 0.1, "--observed-ebv", 0.0)
    assert picassso("spectrum", image, *words, *options)[0] == 0
    table = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED")
    np.testing.assert_allclose(table["flux"], 21.0, rtol=1e-5)
    code, _, err = picassso("spectrum", image, *words, "--overwrite", "--observed-ebv", "nan")
    assert code == 2 and "E(B-V) nan: expected magnitudes" in err
    # A spectrum at rest has lost where its dust was met.
    rest = replace(real, redshift=0.0, wavelength=real.wavelength / 1.05)
    write_spectrum(rest, tmp_path / "real.fits", overwrite=True)
    code, said, _ = picassso("spectrum", image, *words, "--overwrite", "--ebv", 0.1)
    assert code == 0 and "are they of one galaxy?" not in said
    found = read_predicted(tmp_path / "o" / "m99_spectrum.fits")
    assert "redshift_assumed" in found.flags, "0 is no redshift of a galaxy"
    table = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED")
    assert table.meta["EBVOBS"] == 0
    code, _, err = picassso("spectrum", image, *words[:4], "--observed-ebv", 0.1, "--overwrite")
    assert code == 2 and "--observed-ebv 0.1: is of --observed, which is not given" in err


@pytest.mark.usefixtures("quick_figure")
def test_a_redshift_that_is_learnt_changes_all_that_hangs_on_it(
    tmp_path, picassso, weights
) -> None:
    """Pixels in kpc have another size, and light another surface brightness, at another z."""
    from astropy.io import fits

    write_spectrum(real_spectrum(20.0, redshift=0.1), tmp_path / "real.fits")
    path = write_cube(tmp_path / "m99.fits", galaxy(), redshift=None)
    with fits.open(path, mode="update") as hdus:
        for k in (1, 2):
            hdus[0].header[f"CUNIT{k}"] = "kpc"
            hdus[0].header[f"CDELT{k}"] = 0.25
    words = ("spectrum", path, "-o", tmp_path / "o", "--weights", weights, "--overwrite")
    found = []
    for options in (("--observed", tmp_path / "real.fits"), ("--redshift", 0.1)):
        assert picassso(*words, *options)[0] == 0
        found.append(read_predicted(tmp_path / "o" / "m99_spectrum.fits"))
    one, other = (f.provenance["pixel_scale_arcsec"] for f in found)
    assert one == other
    np.testing.assert_array_equal(found[0].quantiles, found[1].quantiles)


@pytest.mark.usefixtures("quick_figure")
def test_a_spectrum_without_redshift_has_that_of_the_header(tmp_path, picassso, weights) -> None:
    from astropy.table import Table as Plain

    real = real_spectrum(20.0)
    table = Plain({"wavelength": real.wavelength, "flux": real.flux, "ivar": real.inverse_variance})
    for name, unit in (
        ("wavelength", "Angstrom"),
        ("flux", "1e-17 erg s-1 cm-2 Angstrom-1"),
        ("ivar", "1e34 erg-2 s2 cm4 Angstrom2"),
    ):
        table[name].unit = unit
    table.write(tmp_path / "real.ecsv", format="ascii.ecsv")
    words = ("-o", tmp_path / "o", "--weights", weights, "--observed", tmp_path / "real.ecsv")
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    assert picassso("spectrum", image, *words)[0] == 0
    header = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED").meta
    assert header["ZOBS"] == 0.05
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs(), redshift=None)
    code, _, err = picassso("spectrum", image, *words, "--overwrite")
    assert code == 2 and "redshift" in err


def real_spectrum(level: float, *, cut: float = 0.0, redshift: float = 0.05) -> Spectrum:
    """A flat one as SDSS would measure it, unknown below `cut` Angstrom."""
    wavelength = 10.0 ** (3.549 + 1e-4 * np.arange(3970))
    return Spectrum(
        wavelength=wavelength,
        medium="vacuum",
        flux=np.full(wavelength.size, level, np.float32),
        inverse_variance=np.ones(wavelength.size, np.float32),
        mask=wavelength < cut,
        redshift=redshift,
        resolution=2000.0,
    )


@pytest.fixture
def compared(tmp_path, picassso, weights, quick_figure) -> Path:
    """A folder of galaxies that were compared with spectra of their names."""
    real = tmp_path / "real"
    real.mkdir()
    made = {"m1": {}, "m2": {"cut": 7500.0}, "m3": {"redshift": 0.07}, "m4": {}}
    for name, about in made.items():
        ending = ".fits.gz" if name == "m4" else ".fits"
        write_spectrum(real_spectrum(20.0, **about), real / f"{name}{ending}")
    (real / ".m5.fits").write_text("hidden")
    images = [write_cube(tmp_path / f"{n}.fits", galaxy(), wcs=make_wcs()) for n in made]
    out = tmp_path / "spectra"
    words = ("-o", out, "--weights", weights, "--observed", real)
    code, said, err = picassso("spectrum", *images, *words)
    assert (code, err) == (0, "") and "covers too little to say how unlike it is" in said
    lonely = write_cube(tmp_path / "m5.fits", galaxy(), wcs=make_wcs())
    code, _, err = picassso("spectrum", lonely, *words)
    assert code == 2 and "m5: the folder of --observed holds no spectrum of this name" in err
    code, _, err = picassso("spectrum", lonely, *words, "--row", 1)
    assert code == 2 and "--observed is a folder" in err
    write_spectrum(real_spectrum(20.0), real / "m1.ecsv")
    code, _, err = picassso("spectrum", lonely, *words)
    assert code == 2 and "m1.ecsv and m1.fits are both named m1" in err
    return out


def test_galaxies_that_depart_are_ranked(tmp_path, picassso, weights, compared) -> None:
    again = compared / "m1_spectrum.fits"  # counts once
    words = (compared, again, "-o", tmp_path / "o.ecsv", "--rate", 0.5)
    code, said, err = picassso("outliers", *words)
    assert (code, err) == (0, "")
    table = Table.read(tmp_path / "o.ecsv")
    assert (tmp_path / "o.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(table["galaxy_id"][:2]) == ["m1", "m4"] and table["outlier"][:2].all()
    assert not table["trusted"][2:].any() and not table["outlier"][2:].any()
    assert np.isnan(table["p_value"][table["galaxy_id"] == "m2"]).all()
    np.testing.assert_allclose(table["ra"], 150.0, atol=1e-3)
    assert table.meta["false_discovery_rate"] == 0.5 and table.meta["weights"] == "tiny spectra"
    assert set(table["largest_latent"]) <= {"latent_0", "latent_1", "latent_2"}
    assert "2 of 4 depart" in said and "Note: not trusted" in said
    code, _, err = picassso("outliers", compared, "-o", tmp_path / "o.ecsv")
    assert code == 2 and "exists already" in err
    code, _, err = picassso("outliers", compared, "-o", tmp_path / "p.ecsv", "--rate", 2)
    assert code == 2 and "false discovery rate is 2" in err
    code, _, err = picassso("outliers", compared, "-o", tmp_path / "p.csv")
    assert code == 2 and "expected the name of an .ecsv file" in err
    assert not (tmp_path / "p.ecsv").exists()


@pytest.mark.usefixtures("quick_figure")
def test_spectra_that_were_not_compared_are_no_outliers(
    tmp_path, picassso, weights, compared
) -> None:
    image = write_cube(tmp_path / "m9.fits", galaxy(), wcs=make_wcs())
    assert picassso("spectrum", image, "-o", tmp_path / "alone", "--weights", weights)[0] == 0
    alone = tmp_path / "alone" / "m9_spectrum.fits"
    words = ("-o", tmp_path / "o.ecsv")
    code, _, err = picassso("outliers", alone, *words)
    assert code == 2 and "was not compared with an observed spectrum" in err
    code, _, err = picassso("outliers", alone, compared, *words)
    assert code == 2 and "1 of 5 files could not be judged" in err
    assert len(Table.read(tmp_path / "o.ecsv")) == 4
    code, _, err = picassso("outliers", tmp_path / "none.fits", "-o", tmp_path / "n.ecsv")
    assert code == 2 and "there is no such file or folder" in err


@pytest.mark.usefixtures("quick_figure")
def test_one_of_several_observed_spectra_is_chosen(tmp_path, picassso, weights) -> None:
    from astropy.io import fits

    n = 4000
    images = {
        "FLUX": (np.full((3, n), 1.0, np.float32) * [[1], [2], [3]], "1E-17 erg/s/cm^2/Ang/spaxel"),
        "IVAR": (np.ones((3, n), np.float32), None),
        "WAVE": (10.0 ** (3.549 + 1e-4 * np.arange(n)), "Angstrom"),
    }
    hdus = fits.HDUList([fits.PrimaryHDU()])
    for name, (values, unit) in images.items():
        hdus.append(fits.ImageHDU(values, name=name))
        if unit:
            hdus[-1].header["BUNIT"] = unit
    hdus.writeto(tmp_path / "rows.fits")
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    words = ("spectrum", image, "-o", tmp_path / "o", "--weights", weights)
    several = (*words, "--observed", tmp_path / "rows.fits", "--redshift", 0.05)
    code, _, err = picassso(*several)
    assert code == 2 and "choose one: row 0 to 2" in err
    code, _, err = picassso(*several, "--row", 3)
    assert code == 2 and "row 3; expected a whole number from 0 to 2" in err
    code, _, err = picassso(*words, "--row", 1)
    assert code == 2 and "--row 1: is of --observed, which is not given" in err
    assert picassso(*several, "--row", 1)[0] == 0
    table = Table.read(tmp_path / "o" / "m99_spectrum.fits", hdu="OBSERVED")
    np.testing.assert_allclose(table["flux"], 2 * 1.05, rtol=1e-5)
    assert table.meta["SRCFILE"] == "rows.fits row 1"


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


@pytest.fixture(scope="module")
def spectra(tmp_path_factory, weights) -> Path:
    """A folder of predicted spectra of galaxies of unlike colours, with samples."""
    folder = tmp_path_factory.mktemp("spectra")
    loaded = load_spectrum_weights(weights)
    for k, ratio in enumerate((0.5, 1.0, 2.0, 4.0)):
        image = make_image(galaxy_id=f"g{k}", redshift=0.02 + 0.01 * k)
        image.flux[0] *= ratio
        image.flux[4] /= ratio
        predicted = predict_spectrum(image, loaded, samples=64)
        write_predicted(predicted, folder / f"g{k}_spectrum.fits", samples=True)
    return folder


def test_targets_rank_by_probability(tmp_path, picassso, spectra) -> None:
    out = tmp_path / "new" / "ranked.ecsv"
    text = "EW(Halpha) > 6 A and D4000 < 2.5"
    code, said, err = picassso("targets", spectra, "--condition", text, "-o", out)
    assert (code, err) == (0, "")
    assert files_in(out.parent) == ["ranked.ecsv", "ranked.png"]
    table = Table.read(out)
    assert list(table["rank"]) == [1, 2, 3, 4]
    assert (np.diff(table["probability"]) <= 0).all()
    for row in table:
        found = read_predicted(spectra / f"{row['galaxy_id']}_spectrum.fits")
        width, age = (
            found.index_samples[:, found.index_names.index(n)] for n in ("EW_Halpha", "D4000")
        )
        assert row["probability"] == pytest.approx(((width > 6) & (age < 2.5)).mean())
        assert row["EW_Halpha_p50"] == pytest.approx(found.index("EW_Halpha")[2], rel=1e-6)
        assert (row["ra"], row["dec"]) == pytest.approx((150.0, 2.0))
        assert row["redshift"] == pytest.approx(found.redshift)
    expected = np.cumsum(table["probability"])
    np.testing.assert_allclose(table["purity"], expected / table["rank"])
    np.testing.assert_allclose(table["completeness"], expected / expected[-1])
    assert table["probability"][-1] < table["probability"][0]
    assert table.meta["weights"] == "tiny spectra" and "EW(Halpha) > 6 A" in table.meta["condition"]
    assert f"{expected[-1]:.3g} of 4 galaxies expected to fulfil it" in said


def test_targets_of_images_and_of_their_spectra_agree(tmp_path, picassso, weights) -> None:
    images = [write_cube(tmp_path / f"g{k}.fits", galaxy(seed=k), wcs=make_wcs()) for k in range(2)]
    text = ("--condition", "class == 'star-forming'")
    options = ("--weights", weights, "--samples", 40)
    direct, later = tmp_path / "direct.ecsv", tmp_path / "later.ecsv"
    assert picassso("targets", *images, *text, *options, "-o", direct)[0] == 0
    spectra = tmp_path / "spectra"
    assert picassso("spectrum", *images, *options, "--save-samples", "-o", spectra)[0] == 0
    assert picassso("targets", spectra, *text, "-o", later)[0] == 0
    first, second = Table.read(direct), Table.read(later)
    assert list(first["galaxy_id"]) == list(second["galaxy_id"])
    np.testing.assert_allclose(first["probability"], second["probability"])


def test_targets_leave_out_what_cannot_be_read(tmp_path, picassso, spectra) -> None:
    folder = tmp_path / "spectra"
    folder.mkdir()
    (folder / "bad_spectrum.fits").write_text("nothing")
    good = (spectra / "g0_spectrum.fits").read_bytes()
    (folder / "good_spectrum.fits").write_bytes(good)
    out = tmp_path / "ranked.ecsv"
    code, _, err = picassso("targets", folder, "--condition", "D4000 > 1", "-o", out)
    assert code == 2 and "1 of 2 galaxies could not be ranked" in err and "bad_spectrum" in err
    assert len(Table.read(out)) == 1
    code, said, _ = picassso("targets", spectra / "g0_spectrum.fits", "--condition", "D4000 > 1",
                             "-o", tmp_path / "one.ecsv")  # fmt: skip
    assert code == 0 and "D4000 > 1: 1 of 1 galaxy expected to fulfil it" in said


@pytest.mark.parametrize(
    ("condition", "name", "words"),
    [
        ("EW(Halpha >", "a.ecsv", "EW(Halpha >"),
        ("beauty > 3", "a.ecsv", "beauty"),
        ("D4000 > 1", "a.csv", "expected the name of an .ecsv file"),
    ],
)
def test_targets_refuse_in_one_message(tmp_path, picassso, spectra, condition, name, words) -> None:
    out = tmp_path / "o" / name
    code, said, err = picassso("targets", spectra, "--condition", condition, "-o", out)
    assert code == 2 and said == "" and words in err and not out.parent.exists()
    assert err.startswith("picassso: ") and "Traceback" not in err


@pytest.mark.parametrize("verb", ["spectrum", "targets"])
def test_a_negative_seed_is_refused(tmp_path, picassso, weights, verb) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    words = ("-o", tmp_path / "o" / "a.ecsv", "--weights", weights, "--seed", -1)
    words += ("--condition", "D4000 > 1") if verb == "targets" else ()
    code, said, err = picassso(verb, image, *words)
    assert code == 2 and said == "" and "--seed" in err and "Traceback" not in err
    assert not (tmp_path / "o").exists()


def test_targets_need_samples_and_something_to_rank(tmp_path, picassso, spectra, weights) -> None:
    (tmp_path / "empty").mkdir()
    image = make_image(galaxy_id="bare")
    bare = tmp_path / "bare_spectrum.fits"
    write_predicted(predict_spectrum(image, load_spectrum_weights(weights)), bare)
    fits = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    for things, words in (
        ([tmp_path / "empty"], "holds neither predicted spectra"),
        ([tmp_path / "none"], "there is no such file or folder"),
        ([bare], "bare: its samples were not saved"),
        ([spectra, fits], "rank images or spectra, not both"),
        ([fits, "--split", "test"], "is no data set"),
    ):
        code, _, err = picassso("targets", *things, "--condition", "D4000 > 1", "-o", "a.ecsv")
        assert code == 2 and words in err, err


def test_targets_of_a_data_set(tmp_path, picassso, weights) -> None:
    studied_store(tmp_path / "mocks", galaxies=10, side=32)
    words = ("targets", tmp_path / "mocks", "--condition", "Dn4000 < 3", "--weights", weights)
    words += ("--samples", 16)
    code, said, _ = picassso(*words, "-o", tmp_path / "all.ecsv", "--split", "all")
    assert code == 0 and "galaxies of split 'all'" in said
    code, said, _ = picassso(*words, "-o", tmp_path / "t.ecsv")
    assert code == 0 and "galaxies of split 'test'" in said
    every, test = Table.read(tmp_path / "all.ecsv"), Table.read(tmp_path / "t.ecsv")
    assert (len(every), len(test)) == (20, 4)
    assert (every.meta["split"], test.meta["split"]) == ("all", "test")
    known = {(r["galaxy_id"], r["view"]): r["probability"] for r in every}
    assert len(known) == 20
    for row in test:
        assert known[row["galaxy_id"], row["view"]] == pytest.approx(row["probability"])
    code, _, err = picassso(*words, "-o", tmp_path / "x.ecsv", "--split", "best")
    assert code == 2 and "best" in err and "Traceback" not in err


def test_targets_of_spectra_refuse_what_cannot_apply(tmp_path, picassso, spectra) -> None:
    words = ("targets", spectra, "--condition", "D4000 > 1", "-o", tmp_path / "a.ecsv")
    given = ["--weights", "a.onnx", "--samples", 64, "--seed", 0, "--split", "test"]
    given += ["--redshift", 0.1, "--bands", "ugriz", "--psf-fwhm", 1, "--pixel-scale", 0.4]
    given += ["--ebv", 0]
    code, _, err = picassso(*words, *given)
    assert code == 2 and "spectra are predicted already" in err
    assert all(name in err for name in given[::2])
    code, _, err = picassso(*words, "--ebv", 0)
    assert code == 2 and "to which --ebv cannot apply" in err


def test_targets_of_different_weights_are_refused(tmp_path, picassso, weights, spectra) -> None:
    folder = tmp_path / "spectra"
    folder.mkdir()
    (folder / "g0_spectrum.fits").write_bytes((spectra / "g0_spectrum.fits").read_bytes())
    other = write_tiny_spectrum_weights(tmp_path / "other", encoder={"name": "other"})
    found = predict_spectrum(make_image(), load_spectrum_weights(other), samples=16)
    write_predicted(found, folder / "m99_spectrum.fits", samples=True)
    words = ("targets", folder, "--condition", "D4000 > 1", "-o", tmp_path / "a.ecsv")
    code, _, err = picassso(*words)
    assert code == 2 and "different weights, g0 by tiny spectra" in err and "m99 by other" in err


def test_targets_beyond_training_come_last(tmp_path, picassso, weights, spectra) -> None:
    folder = tmp_path / "spectra"
    folder.mkdir()
    for path in spectra.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    image = make_image(galaxy_id="a far one", redshift=0.4)
    found = predict_spectrum(image, load_spectrum_weights(weights), samples=64)
    write_predicted(found, folder / "far_spectrum.fits", samples=True)
    out = tmp_path / "a.ecsv"
    code, said, _ = picassso("targets", folder, "--condition", "D4000 > 1", "-o", out)
    table = Table.read(out)
    assert code == 0 and "outside the range of training (trusted is False)" in said
    assert "others: 1 of 5" in said
    assert list(table["trusted"]) == [True] * 4 + [False]
    assert table["galaxy_id"][-1] == "a far one" and table["probability"][-1] > 0.9
    assert "outside_training_range" in table["flags"][-1]
