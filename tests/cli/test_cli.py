"""The command line: what it writes, and one clear message with exit code 2 for bad input."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fits_galaxies import galaxy, make_wcs, write_bands, write_cube
from picassso.archive import read_maps
from picassso.cli import main
from picassso.cli.app import VERBS
from tiny_weights import write_tiny_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.onnx")


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
def quick_sheet(monkeypatch) -> None:
    """An empty figure in place of the sheet, where the test is about something else."""
    import picassso.figures

    def blank(*_):
        from matplotlib.figure import Figure

        return Figure(figsize=(1, 1))

    monkeypatch.setattr(picassso.figures, "painting_sheet", blank)


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    """Exit code 2, one message with all words, no traceback, nothing on standard output."""
    code, out, err = result
    assert code == 2, err
    assert "Traceback" not in err and out == ""
    assert err.startswith("picassso: ") and len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err, f"{word!r} is not in: {err}"


def files_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_help_shows_all_verbs_and_imports_little() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['picassso', '--help']\n"
        "from picassso.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    heavy = {'torch', 'matplotlib', 'astropy', 'onnxruntime', 'zarr', 'h5py', 'scipy'}\n"
        "    print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout
    assert "HEAVY []" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(picassso, verb) -> None:
    code, out, _ = picassso(verb, "--help")
    assert code == 0 and f"picassso {verb} " in out


def test_version(picassso) -> None:
    from picassso import __version__

    assert picassso("--version")[:2] == (0, f"picassso {__version__}\n")


def test_paint_writes_maps_and_a_sheet(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs(), redshift=None)
    out = tmp_path / "new" / "painted"
    code, said, err = picassso("paint", image, "-o", out, "--weights", weights)
    assert (code, err) == (0, "")
    assert files_in(out) == ["m99_maps.fits", "m99_maps.png"]
    assert (out / "m99_maps.png").read_bytes().startswith(b"\x89PNG")
    maps = read_maps(out / "m99_maps.fits")
    assert maps.galaxy_id == "m99" and maps.totals
    for word in ("stellar mass", "solMass", "2 half-mass radii", "REDSHIFT 0.03 IS ASSUMED"):
        assert word in said
    assert maps.provenance["assumptions"].splitlines()[0] in said


@pytest.mark.usefixtures("quick_sheet")
def test_paint_passes_options_on(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs(), redshift=None)
    options = ["--redshift", 0.08, "--ebv", 0.1, "--psf-fwhm", "1.5,1.4,1.3,1.2,1.1"]
    options += ["--pixel-scale", 0.5, "--region", "4:60,8:56", "--survey", "SDSS"]
    code, _, err = picassso("paint", image, "-o", tmp_path / "o", "--weights", weights, *options)
    assert (code, err) == (0, "")
    maps = read_maps(tmp_path / "o" / "m99_maps.fits")
    assert maps.shape == (48, 56)
    assert maps.provenance["redshift"] == "0.08" and maps.provenance["ebv"] == "0.1"
    assert maps.provenance["psf_fwhm_pixels"] == "3 2.8 2.6 2.4 2.2"


@pytest.mark.usefixtures("quick_sheet")
def test_paint_one_file_a_band(tmp_path, picassso, weights) -> None:
    files = write_bands(tmp_path, galaxy(), wcs=make_wcs())
    assert picassso("paint", *files, "-o", tmp_path / "o", "--weights", weights)[0] == 0
    assert files_in(tmp_path / "o") == ["m99_maps.fits", "m99_maps.png"]


@pytest.mark.usefixtures("quick_sheet")
def test_one_bad_galaxy_does_not_stop_the_others(tmp_path, picassso, weights) -> None:
    good = [write_cube(tmp_path / f"{n}.fits", galaxy(), wcs=make_wcs()) for n in ("a", "c")]
    bad = tmp_path / "b.fits"
    bad.write_text("not FITS")
    code, out, err = picassso(
        "paint", good[0], bad, good[1], "-o", tmp_path / "o", "--weights", weights
    )
    assert code == 2 and "Traceback" not in err
    assert "1 of 3 galaxies could not be painted" in err and "b.fits" in err
    assert files_in(tmp_path / "o") == ["a_maps.fits", "a_maps.png", "c_maps.fits", "c_maps.png"]
    assert out.count("Written") == 2


@pytest.mark.usefixtures("quick_sheet")
def test_galaxies_of_one_name_are_kept_apart(tmp_path, picassso, weights) -> None:
    paths = []
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        paths.append(write_cube(tmp_path / folder / "m.fits", galaxy(), wcs=make_wcs()))
    assert picassso("paint", *paths, "-o", tmp_path / "o", "--weights", weights)[0] == 0
    assert [f for f in files_in(tmp_path / "o") if f.endswith("fits")] == [
        "m_2_maps.fits",
        "m_maps.fits",
    ]


@pytest.mark.usefixtures("quick_sheet")
def test_existing_maps_are_kept_unless_told(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", galaxy(), wcs=make_wcs())
    command = ["paint", image, "-o", tmp_path / "o", "--weights", weights]
    assert picassso(*command)[0] == 0
    before = (tmp_path / "o" / "m99_maps.fits").read_bytes()
    assert_refused(picassso(*command), "m99_maps.fits", "exists already", "--overwrite")
    assert (tmp_path / "o" / "m99_maps.fits").read_bytes() == before
    assert picassso(*command, "--overwrite")[0] == 0


CUBE = galaxy()


def bad_image(tmp_path: Path, kind: str) -> Path:
    """A file with one fault."""
    path = tmp_path / f"{kind}.fits"
    wcs = make_wcs()
    if kind == "missing_bands":
        return write_cube(path, CUBE[1:4], bands="gri", wcs=wcs)
    if kind == "contradicting_bands":
        return write_cube(path, CUBE, bands="ugri", wcs=wcs)
    if kind == "all_nan":
        return write_cube(path, np.full_like(CUBE, np.nan), wcs=wcs)
    if kind == "wrong_unit":
        return write_cube(path, CUBE, unit="km/s", wcs=wcs)
    if kind == "truncated":
        whole = write_cube(tmp_path / "whole.fits", CUBE, wcs=wcs).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    if kind == "not_fits":
        path.write_text("These are notes.")
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing_bands", ("bands u, z are missing", "weights for fewer bands")),
        ("contradicting_bands", ("contradicts the cube", "correct the header")),
        ("all_nan", ("NaN or masked",)),
        ("wrong_unit", ("'km/s'", "nanomaggy")),
        ("truncated", ("cut short", "fetch or write it again")),
        ("not_fits", ("not a FITS file",)),
        ("absent", ("no such file",)),
    ],
)
def test_bad_images(tmp_path, picassso, weights, kind, words) -> None:
    image = bad_image(tmp_path, kind)
    result = picassso("paint", image, "-o", tmp_path / "o", "--weights", weights)
    assert_refused(result, kind, *words)
    assert not (tmp_path / "o").exists()


def test_shapes_that_differ(tmp_path, picassso, weights) -> None:
    files = write_bands(tmp_path, CUBE)
    write_cube(files[1], CUBE[1, :40], bands=None)
    result = picassso("paint", *files, "-o", tmp_path / "o", "--weights", weights)
    assert_refused(result, "m99_g.fits", "64 x 40 pixels", "WCS")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--survey", "desi"), ("unknown survey 'desi'", "sdss")),
        (("--bands", "ugrizy"), ("6 bands were given",)),
        (("--bands", "zirgu"), ("contradict",)),
        (("--engine", "abacus"), ("unknown engine 'abacus'",)),
        (("--redshift", "-1"), ("redshift", "positive")),
        (("--psf-fwhm", "wide"), ("--psf-fwhm wide",)),
        (("--region", "1-2,3-4"), ("--region 1-2,3-4", "x0:x1,y0:y1")),
        (("--region", "0:900,0:900"), ("region 0:900,0:900", "m99.fits")),
        (("--weights", "absent.onnx"), ("absent.onnx", "picassso export")),
    ],
)
def test_bad_options(tmp_path, picassso, weights, options, words) -> None:
    image = write_cube(tmp_path / "m99.fits", CUBE, wcs=make_wcs())
    result = picassso("paint", image, "-o", tmp_path / "o", "--weights", weights, *options)
    assert_refused(result, *words)
    assert files_in(tmp_path / "o") == []


def test_weights_that_are_none(tmp_path, picassso) -> None:
    image = write_cube(tmp_path / "m99.fits", CUBE, wcs=make_wcs())
    result = picassso("paint", image, "-o", tmp_path / "o", "--weights", image)
    assert_refused(result, "m99.fits", "not a weights file", "picassso export")
    assert not (tmp_path / "o").exists()


def test_output_folder_that_cannot_be_made(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", CUBE, wcs=make_wcs())
    result = picassso("paint", image, "-o", image / "o", "--weights", weights)
    assert_refused(result, "cannot be made", "choose a folder")


@pytest.mark.parametrize("writer", ["maps", "sheet"])
def test_full_disk_leaves_nothing(tmp_path, picassso, weights, monkeypatch, writer) -> None:
    image = write_cube(tmp_path / "m99.fits", CUBE, wcs=make_wcs())

    def fail(*_, **__) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail_half_way(_, name, **__) -> None:
        Path(name).write_bytes(b"half")
        fail()

    if writer == "maps":
        # The primary HDU stands in the file by then.
        monkeypatch.setattr(fits, "ImageHDU", fail)
    else:
        from matplotlib.figure import Figure

        monkeypatch.setattr(Figure, "savefig", fail_half_way)
    result = picassso("paint", image, "-o", tmp_path / "o" / "p", "--weights", weights)
    path = tmp_path / "o" / "p" / ("m99_maps.fits" if writer == "maps" else "m99_maps.png")
    assert_refused(result, str(path), "No space left on device", "free")
    assert not (tmp_path / "o").exists()


def test_a_full_disk_comes_with_a_remedy(picassso, monkeypatch) -> None:
    def fail(*_, **__) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "run/metrics.csv")

    monkeypatch.setattr("picassso.training.train", fail)
    result = picassso("train", "a.zarr")
    assert_refused(result, "run/metrics.csv: No space left on device; free some space")


def test_a_folder_that_was_there_stays(tmp_path, picassso, weights) -> None:
    image, folder = bad_image(tmp_path, "all_nan"), tmp_path / "mine"
    folder.mkdir()
    assert_refused(picassso("paint", image, "-o", folder, "--weights", weights), "NaN or masked")
    assert files_in(folder) == []
    assert folder.is_dir()


def test_info(tmp_path, picassso, weights) -> None:
    image = write_cube(tmp_path / "m99.fits", CUBE, wcs=make_wcs())
    code, out, err = picassso("info", image, weights)
    assert (code, err) == (0, "")
    assert "m99.fits: image" in out and "tiny.onnx: weights" in out
    assert_refused(picassso("info", tmp_path / "absent.fits"), "absent.fits")


def test_usage_errors_end_with_2(picassso) -> None:
    code, _, err = picassso("paint")
    assert code == 2 and "Traceback" not in err
    assert picassso("draw")[0] == 2


def test_real_galaxies_and_a_merger_without_u_and_z(data_dir, tmp_path, picassso, weights) -> None:
    folder = data_dir / "sdss_galaxies"
    images = [folder / f"{n}_ugriz_nMgy.fits" for n in ("J031530-080454", "NGC4261")]
    merger = [data_dir / "skirt_merger" / f"{b}.fits" for b in "gri"]
    code, out, err = picassso("paint", *images, *merger, "-o", tmp_path, "--weights", weights)
    assert code == 2 and "1 of 3 galaxies" in err
    assert "skirt_merger: bands u, z are missing" in err
    assert len(files_in(tmp_path)) == 4 and out.count("REDSHIFT 0.03 IS ASSUMED") == 1


@pytest.mark.usefixtures("quick_sheet")
def test_real_field(data_dir, tmp_path, picassso, weights) -> None:
    folder = data_dir / "sdss_frame"
    files = [folder / f"frame-{b}-002583-2-0136.fits.bz2" for b in "ugriz"]
    options = ["--region", "1500:1628,600:700", "-o", tmp_path, "--weights", weights]
    assert picassso("paint", *files, *options)[0] == 0
    assert read_maps(tmp_path / "frame-002583-2-0136_maps.fits").shape == (100, 128)
