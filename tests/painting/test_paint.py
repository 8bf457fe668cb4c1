"""Painting: conditions, engines, totals and what is said about them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import picassso
from fits_galaxies import galaxy, make_wcs, write_cube
from picassso.archive.fits import read_maps, write_maps
from picassso.cli.app import build_app
from picassso.core import DERIVED, EXCESSES, PROPERTIES, PROPERTY_NAMES, GalaxyImage, InputError
from picassso.painting import default_weights_path, load_weights, paint, paint_image
from picassso.painting.prepare import prepare
from picassso.painting.totals import painted_totals
from tiny_weights import FACTORS, MANIFEST, write_tiny_weights


def make_image(shape=(64, 64), **changes) -> GalaxyImage:
    about = {
        "galaxy_id": "m99",
        "view": 0,
        "survey": "sdss",
        "bands": ("u", "g", "r", "i", "z"),
        "flux": galaxy(shape).astype(np.float32),
        "noise": np.array([0.3, 0.1, 0.2, 0.3, 1.2], np.float32),
        "mask": np.zeros(shape, bool),
        "psf_fwhm": np.full(5, 1.2, np.float32),
        "pixel_scale": 0.4,
        "redshift": 0.05,
    }
    return GalaxyImage(**{**about, **changes})


@pytest.fixture(scope="module")
def weights_path(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.onnx")


@pytest.fixture(scope="module")
def weights(weights_path):
    return load_weights(weights_path)


def test_conditions(weights) -> None:
    image = make_image()
    prepared = prepare(image, weights)
    from astropy.cosmology import FlatLambdaCDM

    kpc = FlatLambdaCDM(H0=70, Om0=0.3).kpc_proper_per_arcmin(0.05).value / 60 * 0.4
    assert prepared.kpc_per_pixel == pytest.approx(kpc, rel=1e-9)
    np.testing.assert_allclose(prepared.psf_fwhm, 3.0)
    np.testing.assert_array_equal(prepared.noise, image.noise)
    assert prepared.outside == ()


def test_bands_are_put_in_the_order_of_the_weights(weights) -> None:
    image = make_image()
    order = [4, 2, 0, 1, 3]
    shuffled = make_image(bands=tuple("zrugi"), flux=image.flux[order], noise=image.noise[order])
    np.testing.assert_array_equal(
        paint_image(image, weights).cube, paint_image(shuffled, weights).cube
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"redshift": 0.5}, "redshift 0.5 lies outside 0.01 to 0.15"),
        ({"pixel_scale": 3.0}, "pixel size"),
        ({"psf_fwhm": np.full(5, 0.1, np.float32)}, "PSF FWHM"),
    ],
)
def test_conditions_beyond_training_are_said(weights, changes, words) -> None:
    maps = paint_image(make_image(**changes), weights)
    assert words in maps.provenance["assumptions"]
    assert maps.flags == ("outside_training_range",)


SEEN = {
    **MANIFEST["training_range"],
    **{f"noise_{b}": [0.05, 2.0] for b in "ugriz"},
    **{f"brightest_{b}": [0.1, 100.0] for b in "ugriz"},
}


@pytest.mark.parametrize(
    ("factor", "noise_factor", "words"),
    [
        (1.0, 1.0, ()),
        (1.0, 1 / 50, ("noise .* in u 0.006 .trained on 0.05 to 2.,",)),
        (1e6, 1.0, ("brightest pixel .*check the unit of the image",)),
        (1e-6, 1e-6, ("noise", "brightest pixel")),
    ],
)
def test_noise_and_brightness_beyond_training_are_said(
    tmp_path, factor, noise_factor, words
) -> None:
    path = write_tiny_weights(tmp_path / "w.onnx", training_range=SEEN)
    image = make_image()
    changed = make_image(
        flux=image.flux * np.float32(factor), noise=image.noise * np.float32(noise_factor)
    )
    prepared = prepare(changed, load_weights(path))
    assert len(prepared.outside) == len(words)
    for said, expected in zip(prepared.outside, words, strict=True):
        assert re.search(expected, said) and "do not trust" in said
    maps = paint_image(changed, load_weights(path))
    assert maps.flags == (("outside_training_range",) if words else ())
    assert "\n".join(prepared.outside) in maps.provenance["assumptions"]


def test_a_unit_beyond_all_galaxies_is_flagged(tmp_path) -> None:
    path = write_tiny_weights(tmp_path / "w.onnx", training_range=SEEN)
    fits = tmp_path / "g.fits"
    write_cube(fits, galaxy(), wcs=make_wcs(), BUNIT="erg/s/cm2/Hz/arcsec2")
    maps = paint(fits, weights=path)
    assert maps.flags == ("outside_training_range",)
    assert "check the unit of the image" in maps.provenance["assumptions"]


def test_weights_that_do_not_say_what_noise_they_saw(weights) -> None:
    image = make_image()
    dim = make_image(flux=image.flux * np.float32(1e-6), noise=image.noise / np.float32(50))
    assert prepare(dim, weights).outside == ()


def test_nothing_is_painted_without_noise(weights) -> None:
    with pytest.raises(InputError, match="m99: the noise of g, z is 0; give 1 sigma"):
        paint_image(make_image(noise=np.array([0.3, 0, 0.2, 0.3, 0], np.float32)), weights)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (None, {}),
        ([galaxy()[0], galaxy()[1]], {}),
        (galaxy(), {"weights": 3}),
        (galaxy(), {"survey": None}),
        (galaxy(), {"bands": 5}),
    ],
)
def test_what_cannot_be_painted_is_said(weights, image, options) -> None:
    with pytest.raises(InputError):
        paint(image, **{"weights": weights, **options})


def test_a_quantity_is_painted_by_its_unit(weights) -> None:
    from astropy import units as u

    plain = paint(galaxy(), weights=weights, redshift=0.05)
    jansky = paint(galaxy() * 3.631e-6 * u.Jy / u.arcsec**2, weights=weights, redshift=0.05)
    np.testing.assert_allclose(jansky.cube, plain.cube, rtol=1e-4)
    with pytest.raises(InputError, match="array in K: expected nanomaggy"):
        paint(galaxy() * u.K, weights=weights)


def test_an_empty_region_has_no_total(weights) -> None:
    from dataclasses import replace

    maps = paint_image(make_image(), weights)
    empty = replace(maps, cube=np.full_like(maps.cube, np.nan))
    assert painted_totals(empty, weights, None) == ()


def test_maps_hold_what_the_network_says(weights) -> None:
    maps = paint_image(make_image(), weights)
    assert maps.properties == PROPERTY_NAMES and maps.shape == (64, 64)
    for name, factor in FACTORS.items():
        np.testing.assert_allclose(getattr(maps, name), factor * maps.cube, rtol=1e-6)
    kpc = prepare(make_image(), weights).kpc_per_pixel
    assert maps.pixel_area == pytest.approx(kpc**2)
    assert maps.provenance["weights"] == "tiny"
    assert maps.provenance["weights_fingerprint"] == weights.fingerprint
    assert maps.provenance["version"] == picassso.__version__
    assert maps.derived_names == (*DERIVED, *EXCESSES)


def test_masked_pixels_are_not_painted(weights) -> None:
    mask = np.zeros((64, 64), bool)
    mask[10:13, 20:24] = True
    flux = galaxy().astype(np.float32)
    flux[:, mask] = 0
    maps = paint_image(make_image(mask=mask, flux=flux), weights)
    for cube in (maps.cube, maps.std, maps.p16, maps.p50, maps.p84):
        assert np.isnan(cube[:, mask]).all() and np.isfinite(cube[:, ~mask]).all()
    assert all(np.isfinite(t.mean) for t in maps.totals)


def test_a_hole_does_not_spoil_its_rim(weights) -> None:
    """Pixels beside a masked star are painted as if the star had never been there."""
    mask = np.zeros((64, 64), bool)
    mask[20:25, 22:27] = True
    flux = galaxy(noise=False).astype(np.float32)
    holed = np.where(mask, np.float32(0), flux)
    clean = paint_image(make_image(flux=flux), weights)["stellar_mass"]
    painted = paint_image(make_image(flux=holed, mask=mask), weights)["stellar_mass"]
    untouched = paint_image(make_image(flux=holed), weights)["stellar_mass"]
    rim = ~mask
    rim[:18] = rim[27:] = rim[:, :20] = rim[:, 29:] = False

    def error(maps):
        return np.abs(maps[rim] / clean[rim] - 1).max()

    assert error(painted) < 0.1 < error(untouched)


def test_totals_are_sums_with_calibrated_intervals(weights) -> None:
    """Of equal relative widths s is their ln-sigma, so the quantiles are known."""
    maps = paint_image(make_image(), weights)
    totals = {(t.property, t.region): t for t in maps.totals}
    s = np.sqrt(np.log1p(FACTORS["std"] ** 2))
    for name in PROPERTY_NAMES:
        t = totals[name, "frame"]
        assert t.mean == pytest.approx(maps.total(name), rel=1e-6)
        *factors, power = MANIFEST["calibration"][name]
        quantiles = t.mean * np.exp(np.array(factors) * s**power)
        assert (t.p16, t.p50, t.p84) == pytest.approx(tuple(quantiles), rel=1e-5)
        assert t.unit == PROPERTIES[name].total_unit
        assert totals[name, "2 half-mass radii"].mean < t.mean


def test_totals_of_ratios(weights) -> None:
    maps = paint_image(make_image(), weights)
    totals = {t.property: t for t in maps.totals if t.region == "frame"}
    age = totals["stellar_age"]
    expected = totals["stellar_age_mass"].mean / totals["stellar_mass"].mean
    assert age.mean == pytest.approx(expected) and age.unit == "Gyr"
    assert age.p16 < age.p50 < age.p84
    assert set(DERIVED) <= set(totals)


def test_totals_of_atomic_hydrogen(weights) -> None:
    """The sum of its map; where there is some, it is the difference of its ingredients."""
    maps = paint_image(make_image(), weights)
    atomic = next(t for t in maps.totals if t.property == "atomic_hi_mass")
    some = maps["atomic_hi_mass"] > 0
    assert 0 < some.sum() < some.size
    expected = maps["atomic_hi_mass"].sum(dtype=np.float64) * maps.pixel_area
    assert (atomic.region, atomic.unit) == ("frame", "solMass")
    assert atomic.mean == pytest.approx(expected, rel=1e-5)
    *factors, power = MANIFEST["calibration"]["hi_mass"]
    s = np.sqrt(np.log1p(FACTORS["std"] ** 2)) ** power
    neutral = maps.total("hi_mass", some) * np.exp(np.array(factors) * s)
    molecular = neutral[1] - atomic.p50
    scale = EXCESSES["atomic_hi_mass"].scale
    assert molecular == pytest.approx(
        scale * maps.total("star_formation_rate", some) * np.exp(-0.1 * s), rel=1e-5
    )
    up = np.hypot(neutral[2] - neutral[1], molecular * (1 - np.exp(-0.7 * s)))
    assert atomic.p84 - atomic.p50 == pytest.approx(up, rel=1e-4)
    assert 0 <= atomic.p16 < atomic.p50


def test_a_point_head_claims_no_certainty(tmp_path) -> None:
    path = write_tiny_weights(tmp_path / "point.onnx", config={"head": "point"}, name="point")
    maps = paint_image(make_image(), load_weights(path))
    assert maps.std is maps.p16 is maps.p84 is None and maps.p50 is not None
    assert maps.flags == ("no_uncertainty",)
    assert "one number a pixel: no uncertainty is known" in maps.provenance["assumptions"]
    for t in maps.totals:
        assert np.isnan([t.p16, t.p84]).all() and np.isfinite([t.mean, t.p50]).all()
    assert {t.region for t in maps.totals} == {"frame", "2 half-mass radii"}
    write_maps(maps, tmp_path / "maps.fits")
    again = read_maps(tmp_path / "maps.fits")
    assert again.std is again.p16 is again.p84 is None and np.isnan(again.totals[0].p16)
    image = tmp_path / "g.fits"
    write_cube(image, galaxy(), wcs=make_wcs())
    command = ["paint", str(image), "--weights", str(path), "-o", str(tmp_path / "painted")]
    said = CliRunner().invoke(build_app(), command)
    assert said.exit_code == 0 and "no uncertainty is known" in said.output
    assert "nan" not in said.output and "e8 (" not in said.output


def test_aperture_holds_the_galaxy_and_not_its_neighbours(weights) -> None:
    """Half-mass radius of a round Gaussian: 1.18 sigma; a fainter one beside it does not count."""
    shape = (128, 160)
    wcs = make_wcs(shape)
    flux = galaxy(shape, wcs=wcs, noise=False, size=2.4, peak=4000)
    alone = paint_image(make_image(shape, flux=flux.astype(np.float32)), weights)
    neighbour = galaxy(shape, wcs=make_wcs(shape, shift=(-60, 40)), noise=False, size=1, peak=2000)
    both = paint_image(make_image(shape, flux=(flux + neighbour).astype(np.float32)), weights)

    def inside(maps):
        return next(t.mean for t in maps.totals if t.region != "frame")

    assert inside(both) == pytest.approx(inside(alone), rel=0.05)
    said = alone.provenance["aperture"]
    pixels = float(said.split("(")[1].split(" pixels")[0])
    assert pixels == pytest.approx(2 * 1.1774 * 2.4 / 0.4, rel=0.15)


def test_paths_images_and_arrays_are_painted_alike(tmp_path, weights_path) -> None:
    cube = galaxy().astype(np.float32)
    path = write_cube(tmp_path / "g.fits", cube, wcs=make_wcs(), MAGSYS="AB")
    from_path = paint(path, weights=weights_path)
    image = picassso.read_image(path)
    from_image = paint(image, weights=weights_path)
    from_array = paint(cube, weights=weights_path, redshift=0.05, pixel_scale=image.pixel_scale)
    np.testing.assert_array_equal(from_path.cube, from_image.cube)
    np.testing.assert_allclose(from_path.cube, from_array.cube, rtol=1e-6)
    assert picassso.paint is paint


def test_options_beside_an_image_are_refused(weights) -> None:
    with pytest.raises(InputError, match="redshift, ebv given beside a GalaxyImage"):
        paint(make_image(), weights=weights, redshift=0.1, ebv=0.02)


def test_missing_bands_are_named(weights) -> None:
    image = make_image()
    part = make_image(
        bands=("g", "r", "i"),
        flux=image.flux[1:4],
        noise=image.noise[1:4],
        psf_fwhm=image.psf_fwhm[1:4],
    )
    with pytest.raises(InputError, match=r"m99: bands u, z are missing \(found g, r, i\)"):
        paint_image(part, weights)


def test_all_masked(weights) -> None:
    with pytest.raises(InputError, match="every pixel is masked"):
        paint_image(make_image(mask=np.ones((64, 64), bool)), weights)


def test_unknown_engine_and_absent_twin(weights) -> None:
    with pytest.raises(InputError, match="unknown engine 'tensorflow'"):
        paint_image(make_image(), weights, engine="tensorflow")
    pytest.importorskip("torch")
    with pytest.raises(InputError, match=r"tiny\.safetensors: there is no such file"):
        paint_image(make_image(), weights, engine="torch")


def test_a_twin_of_another_network_is_refused(tmp_path) -> None:
    pytest.importorskip("torch")
    from picassso.networks import NetworkConfig, build, save_weights

    small = NetworkConfig(widths=(8, 8), blocks=(1, 1))
    network = build(small)
    save_weights(network, small, tmp_path / "tiny.safetensors", about={})
    older = load_weights(write_tiny_weights(tmp_path / "tiny.onnx"))
    for onnx in (older, replace(older, about={**MANIFEST, "network_fingerprint": "0" * 16})):
        with pytest.raises(InputError, match=r"tiny\.safetensors: holds another network than tiny"):
            paint_image(make_image(), onnx, engine="torch")
    # Both of before there were fingerprints.
    about = {"network_fingerprint": None}
    save_weights(network, small, tmp_path / "tiny.safetensors", about=about)
    assert paint_image(make_image(), older, engine="torch").shape == (64, 64)


def test_weights_that_are_none(tmp_path) -> None:
    cases = {
        "absent.onnx": (None, "no such weights file"),
        "text.onnx": (b"this is no network", "not a weights file"),
        "text.safetensors": (b"this is no network", "not a readable safetensors"),
        "empty.onnx": (b"", "not a weights file|without PICASSSO's manifest"),
    }
    for name, (content, words) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words) as caught:
            load_weights(tmp_path / name)
        assert name in str(caught.value) and "picassso export" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"with_manifest": False}, "without PICASSSO's manifest"),
        ({"training_range": {"redshift": 0.1}}, "not as it should be"),
        ({"calibration": {"stellar_mass": [0.0, 1.0]}}, "not as it should be"),
        ({"lacks": ("calibration", "stride")}, "lacks stride, calibration"),
        ({"format": 99}, "format 99.*update picassso"),
        ({"format": "new"}, "cannot be read"),
        ({"survey": "roman"}, "survey 'roman'"),
        ({"properties": ["dark_matter"]}, "dark_matter"),
    ],
)
def test_manifests_that_do_not_fit(tmp_path, changes, words) -> None:
    with pytest.raises(InputError, match=words):
        load_weights(write_tiny_weights(tmp_path / "w.onnx", **changes))


@pytest.mark.parametrize("asked", ["", "2,1", "all", "0", "1"])
def test_any_number_of_threads_may_be_asked_for(weights_path, monkeypatch, asked) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert load_weights(weights_path).session is not None


def test_image_of_another_survey(tmp_path, weights) -> None:
    from dataclasses import replace

    other = replace(weights, survey="legacy")
    with pytest.raises(InputError, match=r"survey 'sdss'.*trained for 'legacy'"):
        paint_image(make_image(), other)


def test_shipped_weights_load_without_torch(tmp_path) -> None:
    """They paint in a process that never imports torch."""
    import subprocess
    import sys

    code = (
        "import sys, numpy as np, picassso\n"
        "maps = picassso.paint(np.random.default_rng(0).random((5, 33, 47)), redshift=0.05)\n"
        "assert maps.shape == (33, 47) and (maps.cube >= 0).all()\n"
        "assert (maps.p16 <= maps.p50).all() and (maps.p50 <= maps.p84).all()\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], check=True)
    assert default_weights_path().stat().st_size < 15 * 2**20


def test_torch_agrees_with_onnx() -> None:
    pytest.importorskip("torch")
    weights = load_weights()
    image = make_image((80, 100))
    onnx, torch = (paint_image(image, weights, engine=e) for e in ("onnx", "torch"))
    for name in ("cube", "std", "p16", "p50", "p84"):
        a, b = getattr(onnx, name), getattr(torch, name)
        floors = np.array([PROPERTIES[p].floor for p in onnx.properties])[:, None, None]
        np.testing.assert_array_less(np.abs(a - b), 1e-5 * np.maximum(np.abs(b), floors) + 1e-30)
    twin = load_weights(weights.path.with_suffix(".safetensors"))
    assert json.dumps(twin.about["config"]) == json.dumps(weights.about["config"])
    with pytest.raises(InputError, match="ask for the torch engine"):
        paint_image(image, twin)
