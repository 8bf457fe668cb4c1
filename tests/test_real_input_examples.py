"""The example scripts that paint real input: what they find, sum and leave out."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from picassso.core import SDSS, GalaxyImage, InputError


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch):
    """Import a script of examples/ by its name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "examples"))

    def load(name: str) -> ModuleType:
        sys.modules.pop(name, None)
        return import_module(name)

    return load


def gaussian(side: int, x: float, y: float, flux: float, sigma: float) -> np.ndarray:
    rows, columns = np.indices((side, side))
    r2 = (columns - x) ** 2 + (rows - y) ** 2
    return flux / (2 * np.pi * sigma**2) * np.exp(-0.5 * r2 / sigma**2)


def r_band(sources: list[tuple[float, float, float, float]], side: int = 300) -> GalaxyImage:
    """A field of the r band; sources are x, y, flux [nanomaggy], sigma [pixel]."""
    noise = 0.2
    flux = sum(gaussian(side, *s) for s in sources) / SDSS.pixel_scale**2
    flux = flux + noise * np.random.default_rng(0).standard_normal((side, side))
    return GalaxyImage(
        galaxy_id="field",
        view=0,
        survey="sdss",
        bands=("r",),
        flux=flux[None].astype(np.float32),
        noise=np.array([noise], np.float32),
        mask=np.zeros((side, side), bool),
        psf_fwhm=np.array([1.1], np.float32),
        pixel_scale=SDSS.pixel_scale,
        redshift=0.1,
    )


STARS = [(40.0 + 30 * k, 60.0 + 7 * k, 100.0, 1.2) for k in range(8)]
GALAXY = (150.0, 220.0, 150.0, 6.0)


def test_galaxies_are_told_from_stars_pairs_edges_and_saturation(example) -> None:
    script = example("paint_sdss")
    pair = [(220.0, 240.0, 60.0, 1.2), (226.0, 240.0, 60.0, 1.2)]
    edge, saturated = (15.0, 150.0, 150.0, 6.0), (80.0, 160.0, 4000.0, 6.0)
    field = r_band([*STARS, GALAXY, *pair, edge, saturated])
    found, labels = script.extended_sources(field)
    assert len(found) == 1
    assert np.hypot(found[0].x - GALAXY[0], found[0].y - GALAXY[1]) < 1.0
    # what a Gaussian holds inside the isophote at which it is detected
    sigma2, smoothed2 = GALAXY[3] ** 2, GALAXY[3] ** 2 + script.SMOOTHING**2
    peak = GALAXY[2] / (2 * np.pi * smoothed2) / SDSS.pixel_scale**2
    inside = 1 - (3 * 0.2 / peak) ** (smoothed2 / sigma2)
    assert found[0].flux == pytest.approx(inside * GALAXY[2], rel=0.03)
    assert labels[220, 150] == found[0].label


def test_a_cutout_masks_others_and_never_its_own_galaxy(example) -> None:
    script = example("paint_sdss")
    faint_star = (180.0, 190.0, 6.0, 1.2)
    field = r_band([*STARS, GALAXY, faint_star])
    (source,), labels = script.extended_sources(field)
    mask = script.neighbours(labels, source.label, field)
    assert not mask[labels == source.label].any()
    assert all(mask[round(y), round(x)] for x, y, *_ in [*STARS, faint_star])
    assert mask.mean() < 0.1


@pytest.mark.parametrize("x", [10.0, 150.0, 295.0])
def test_a_cutout_lies_inside_the_field(example, x: float) -> None:
    script = example("paint_sdss")
    x0, x1, y0, y1 = script.box(script.Source(x, 150.0, 1.0, 1), (300, 300))
    assert 0 <= x0 < x1 <= 300 and 0 <= y0 < y1 <= 300
    assert x0 <= x < x1 and x1 - x0 <= script.CUTOUT


def test_mass_from_colour_of_ten_billion_suns_without_colour(example) -> None:
    script = example("paint_sdss")
    one = r_band([])
    distance = script.DEFAULT_COSMOLOGY.luminosity_distance(0.1)
    magnitude = 4.53 - 25.0 + 5 * np.log10(distance * 1e5)  # of 1e10 Suns
    flux = 10 ** (0.4 * (22.5 - magnitude)) / one.pixel_scale**2 / one.mask.size
    plane = np.full(one.shape, flux, np.float32)
    image = replace(
        one,
        bands=("g", "i"),
        flux=np.stack([plane, plane]),
        noise=np.array([0.1, 0.1], np.float32),
        psf_fwhm=np.array([1.0, 1.0], np.float32),
    )
    assert script.colour_mass(image, ~image.mask) == pytest.approx(10 - 0.68, abs=1e-4)
    assert np.isnan(script.colour_mass(replace(image, flux=-image.flux), ~image.mask))


def test_what_lies_below_the_floor_has_no_residual_but_is_counted(example) -> None:
    script = example("paint_simulations")

    def row(galaxy: str, true: float, painted: float) -> object:
        words = (galaxy, "paper", "face_on", "frame", "gas_mass", "solMass")
        return script.Row(*words, true, painted / 2, painted, painted * 2)

    rows = [row("a", 1e9, 1e9), row("b", 1e9, 1e10), row("c", 1e10, 1e9), row("d", 0.0, 1e9)]
    (line,) = script.summary(rows)
    assert line["bias"] == "+0.000" and line["scatter"] == "1.000"
    assert line["inside 68%"] == "1 of 3" and line["galaxies, views"] == "3, 3"
    assert line["below the floor"] == "1 (1 painted above it)"
    assert np.isnan(rows[3].residual)


def test_galaxies_of_the_data_folder_are_judged_only_where_large(example, data_dir: Path) -> None:
    script = example("paint_simulations")
    found = {p.galaxy_id: p for p in script.galaxies(data_dir)}
    judged = {n for n, p in found.items() if not script.why_not_judged(p)}
    assert {"illustris_417175", "illustris_426280"} <= judged
    for name in judged:
        assert len(found[name].stars) >= 200 and script.log_mass(found[name]) >= 9.5
    assert "gas_mass" in found["illustris_417175"].absent


def test_one_pass_of_the_reference_network_over_its_own_kind_of_mock(
    example, data_dir: Path
) -> None:
    torch = pytest.importorskip("torch")
    from picassso.networks import build

    script = example("paper_galaxy")
    image, truth = script.read_paper_mock(data_dir / "illustris_mock" / "subhalo_10000.npz")
    box = np.s_[..., 112:144, 112:144]
    image = replace(image, flux=image.flux[box], mask=image.mask[box])
    truth = replace(truth, cube=truth.cube[box])
    done = script.one_pass(image, truth, seed=0)
    assert done.parameters == 28_944_327
    assert list(done.losses) == list(truth.properties)
    assert np.isfinite(done.gradient_norm) and done.gradient_norm > 0
    # The paper's own network and loss, by hand: squared error of log10 where a particle fell, and
    # a millionth of the squared distance from -100 where none did.
    torch.manual_seed(0)
    network = build("paper_unet")
    flux = torch.from_numpy(image.flux)[None]
    with torch.no_grad():
        raw = network(flux, *[torch.ones(1, 5)] * 2, *[torch.ones(1, 1)] * 2, raw=True)[0].numpy()
    for name, values, said in zip(truth.properties, truth.cube, raw, strict=True):
        filled = values > 0
        error = ((said[filled] - np.log10(values[filled])) ** 2).mean()
        pull = ((said[~filled] + 100) ** 2).mean() if not filled.all() else 0.0
        assert done.losses[name] == pytest.approx(error + 1e-6 * pull, rel=1e-4), name


def test_a_folder_without_mocks_is_refused(example, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no illustris_mock/\*\.npz"):
        example("paper_galaxy").run(tmp_path, folder=tmp_path / "out", seed=0)
    assert not (tmp_path / "out").exists()
