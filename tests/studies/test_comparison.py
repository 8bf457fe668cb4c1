"""Classical methods beside a network: the same views, and what can paint them at all."""

from __future__ import annotations

import csv
import time
from dataclasses import replace

import numpy as np
import pytest

from picassso.analysis import Protocol, scored_region
from picassso.analysis.baselines import RELATIONS, MassToLight, refit_mass_to_light, region_total
from picassso.archive import DatasetStore
from picassso.core import SDSS, Maps
from picassso.studies.evaluation.comparison import compare_methods
from picassso.studies.evaluation.contenders import contenders
from picassso.studies.evaluation.tables import method_totals_csv

GALAXIES, PIXELS = 70, 24
HONEST = Protocol.HONEST


def make_store(path, *, bands=SDSS.bands, noise=0.05) -> DatasetStore:
    """Discs of one mass-to-light ratio, redder from one galaxy to the next."""
    store = DatasetStore.create(
        path,
        config={},
        galaxies=GALAXIES,
        views=1,
        shape=(PIXELS, PIXELS),
        survey="sdss",
        bands=bands,
        properties=("stellar_mass",),
    )
    y, x = np.indices((PIXELS, PIXELS)) - (PIXELS - 1) / 2
    disc = np.exp(-np.hypot(x, y / 0.7) / 3)
    for g in range(GALAXIES):
        steps = np.array([SDSS.bands.index(b) for b in bands]) * (0.4 + 0.5 * g / GALAXIES)
        flux = 30.0 * disc * 10 ** (0.4 * steps)[:, None, None]
        row = {
            "galaxy_id": f"g{g}",
            "galaxy": g,
            "view": 0,
            "redshift": 0.05,
            "pixel_scale": 0.4,
            "kpc_per_pixel": 0.4,
            "noise": [noise] * len(bands),
            "psf_fwhm": [1.0] * len(bands),
            "stellar_mass": 1e10,
        }
        store.write_galaxy(
            g, flux=flux[None].astype(np.float32), maps=1e7 * flux[None, -1:], rows=[row]
        )
    store.finalise()
    return DatasetStore.open(path)


@pytest.fixture(scope="module")
def store(tmp_path_factory, sdss_light) -> DatasetStore:
    return make_store(tmp_path_factory.mktemp("data") / "discs.zarr")


class Tenth:
    """Paints a tenth too much mass; slow, and slower still the first time."""

    name, properties = "a tenth too much", ("stellar_mass", "gas_mass")

    def __init__(self):
        self.seen = {}

    def paint(self, store, image, rng):
        time.sleep(0.05 if self.seen else 0.5)
        seen, truth = store.with_noise(image, rng), store.truth(int(image.galaxy_id[1:]))
        self.seen[image.galaxy_id] = seen
        mass = np.where(seen.mask, np.nan, 1.1 * truth["stellar_mass"])
        return seen, Maps("g", 0, self.properties, np.stack([mass, mass]), truth.pixel_area)

    def totals(self, maps, ellipse):
        region = scored_region(ellipse, maps.shape)
        return {p: region_total(maps, p, region) for p in maps.properties}


def test_all_are_scored_on_the_same_views(store):
    painter, rows = Tenth(), store.indices("test")
    refitted = refit_mass_to_light(store, per="pixel")
    tenth, baseline = compare_methods(painter, [refitted], store, rows, seed=3)
    assert (tenth.method, baseline.method) == (painter.name, refitted.name)
    for scores, tolerance in ((tenth.totals, 1e-6), (tenth.pixels, 2.6e-3)):
        for protocol in Protocol:
            (statistics,) = scores[protocol]
            assert statistics.property == "stellar_mass"
            assert statistics.median_bias.value == pytest.approx(-np.log10(1.1), abs=tolerance)
    for protocol in Protocol:
        (theirs,), (ours,) = baseline.totals[protocol], tenth.totals[protocol]
        assert theirs.counts == ours.counts and ours.counts.used == len(rows)
    assert baseline.pixels[HONEST][0].counts.used == tenth.pixels[HONEST][0].counts.used
    assert (tenth.learnt_from, baseline.learnt_from) == ((0, 0), refitted.learnt_from)
    for row in rows.tolist():
        expected = store.observed(row, np.random.default_rng([3, row]))
        np.testing.assert_array_equal(painter.seen[expected.galaxy_id].flux, expected.flux)
    # Without the first call, and without what reading takes.
    assert 0.04 < tenth.seconds < 0.4
    assert baseline.seconds < tenth.seconds


def test_totals_of_every_view_make_the_scores(store):
    """From the file alone: the scatter of a method, and how much more it is than the network's."""
    rows = store.indices("test")
    methods = compare_methods(Tenth(), [refit_mass_to_light(store)], store, rows, seed=3)
    lines = list(csv.DictReader(method_totals_csv(methods).splitlines()))
    assert [int(line["row"]) for line in lines] == 2 * rows.tolist()
    sigma = {}
    for method in methods:
        of = [line for line in lines if line["method"] == method.method]
        true, median = (np.array([float(line[k]) for line in of]) for k in ("true", "p50"))
        sigma[method.method] = np.log10(true / median).std()
        found = method.totals[HONEST][0].sigma.value
        assert found == pytest.approx(sigma[method.method], abs=1e-5)
    ours, theirs = sigma.values()
    assert methods[0].differences == ()
    (difference,) = methods[1].differences
    assert difference.sigma.value == pytest.approx(theirs - ours, abs=1e-5)
    assert difference.used == len(rows)


def test_the_protocol_of_the_paper(store, monkeypatch):
    """Half of the truth is below its floor: what is painted there counts in one protocol alone."""
    whole, rows = DatasetStore.truth, store.indices("test")
    right = np.arange(PIXELS) >= PIXELS // 2

    class Tenths(Tenth):
        def paint(self, store, image, rng):
            seen, maps = super().paint(store, image, rng)
            painted = 1.1 * whole(store, int(image.galaxy_id[1:])).cube
            return seen, replace(maps, cube=np.concatenate([painted, painted]))

    def cut(self, row):
        truth = whole(self, row)
        return replace(truth, cube=np.where(right, truth.cube, 1.0).astype(np.float32))

    monkeypatch.setattr(DatasetStore, "truth", cut)
    monkeypatch.setattr("picassso.studies.evaluation.comparison.scored_ellipse", lambda _: None)
    (found,) = compare_methods(Tenths(), [], store, rows)
    biases = {p: found.totals[p][0].linear_bias.value for p in Protocol}
    # The disc is symmetric.
    assert biases[HONEST] == pytest.approx(-np.log10(2.2), abs=1e-4)
    assert biases[Protocol.PAPER] == pytest.approx(-np.log10(1.1), abs=1e-4)


def test_a_published_relation_reports_its_offset(store):
    """One that gives half the mass has twice the truth over it, and no scatter more."""
    bell = RELATIONS["Bell 2003, g-i -> i"]
    methods = [MassToLight(replace(bell, imf_offset=x)) for x in (0.0, -np.log10(2.0))]
    _, whole, half = compare_methods(Tenth(), methods, store, store.indices("test"))
    (more,), (less,) = half.totals[HONEST], whole.totals[HONEST]
    shift = more.median_bias.value - less.median_bias.value
    assert shift == pytest.approx(np.log10(2.0), abs=1e-5)
    assert more.sigma.value == pytest.approx(less.sigma.value, abs=1e-5)


def test_masked_pixels_count_neither_way(store, monkeypatch):
    """Half of the galaxy is masked: what is painted of the rest is compared with the rest."""
    whole = DatasetStore.image

    def half(self, row):
        image = whole(self, row)
        mask = np.zeros(image.shape, bool)
        mask[:, : PIXELS // 2 + 2] = True
        return replace(image, flux=np.where(mask, np.nan, image.flux), mask=mask)

    rows = store.indices("test")
    monkeypatch.setattr(DatasetStore, "image", half)
    (found,) = compare_methods(Tenth(), [], store, rows)
    for protocol in Protocol:
        bias = found.totals[protocol][0].median_bias.value
        assert bias == pytest.approx(-np.log10(1.1), abs=1e-6)
    assert found.pixels[HONEST][0].counts.absent == len(rows) * PIXELS * (PIXELS // 2 + 2)


def test_every_method_for_all_bands(store):
    found = contenders(store, limit=44)
    names = [b.name for b in found.baselines]
    assert found.left_out == ()
    assert len(names) == len(set(names)) == 5 * 2 + 2 * 2 + 2
    fitted = {b.learnt_from for b in found.baselines if b.name.startswith("refitted")}
    assert fitted == {(44, 11)}
    assert all(b.learnt_from == (0, 0) for b in found.baselines if "refitted" not in b.name)
    for paper in ("Bell", "Zibetti", "BC03", "FSPS", "Taylor"):
        assert sum(paper in n for n in names) == 2


def test_methods_that_a_store_cannot_take_are_named(sdss_light, tmp_path):
    two = contenders(make_store(tmp_path / "two.zarr", bands=("g", "r")))
    assert [(n.split(",")[0], "lacks i" in why) for n, why in two.left_out] == [
        ("Taylor 2011", True)
    ] * 2
    names = [b.name for b in two.baselines]
    assert "Bell 2003, g-r -> r, per pixel" in names and "SED grid, best fit" in names
    dark = contenders(make_store(tmp_path / "dark.zarr", noise=0.0))
    assert dark.baselines == () and len(dark.left_out) == 16
    assert all("noise is 0" in why for _, why in dark.left_out)


def test_one_that_cannot_be_fitted_takes_no_other_with_it(store):
    """Twenty galaxies are too few for 21 coefficients, not for three."""
    found = contenders(store, limit=20)
    refitted = [b.name for b in found.baselines if b.name.startswith("refitted")]
    assert "refitted M/L, g-i -> i, linear, per galaxy" in refitted
    ((name, why),) = found.left_out
    assert name == "refitted M/L, u-g-r-i-z -> i, quadratic, per galaxy"
    assert "too few for 21 coefficients" in why


def test_without_the_extra_only_the_refits_are_left(store, monkeypatch):
    monkeypatch.setattr("picassso.analysis.baselines.composites._burst_light", _missing)
    monkeypatch.setattr("picassso.analysis.baselines.sed_grid.need", _missing)
    from picassso.analysis.baselines.composites import library
    from picassso.analysis.baselines.k_correction import fit_k_correction

    library.cache_clear()
    fit_k_correction.cache_clear()
    found = contenders(store)
    assert {b.name.split()[0] for b in found.baselines} == {"refitted"}
    assert all("picassso[mock]" in why for _, why in found.left_out)


def _missing(*_, **__):
    from picassso.core import MissingExtraError

    raise MissingExtraError("needs numba: pip install 'picassso[mock]'")
