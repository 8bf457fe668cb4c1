"""Nuclei and gas about old stars: how common, in what ratios, how bright, and the same from all
sides."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import pytest
from toy_galaxies import rotating_disc

from picassso.core import DEFAULT_COSMOLOGY, FIBRE_GRID, LINE_NAMES, SDSS, FibreLight, InputError
from picassso.observatory import LightTable, PaperFraming, SurveyFraming, observation, observe
from picassso.observatory.spectra.fibre import StarsInView, fibre_light
from picassso.observatory.spectra.nuclei import (
    Nucleus,
    OtherGas,
    draw_other_gas,
    nucleus_probability,
)
from picassso.observatory.spectra.populations import SpectralTable

HALPHA = LINE_NAMES.index("Halpha")
NO_GAS = np.zeros(len(LINE_NAMES))
LSUN = 3.826e33
CM_PER_MPC = 3.0856775814913673e24
DRAWN = 1200


@lru_cache
def drawn(stellar_mass: float) -> list[OtherGas]:
    return [draw_other_gas(stellar_mass, np.random.default_rng([7, k])) for k in range(DRAWN)]


def log_ratio(lines: np.ndarray, top: str, bottom: str) -> np.ndarray:
    return np.log10(lines[:, LINE_NAMES.index(top)] / lines[:, LINE_NAMES.index(bottom)])


# What is drawn.


def test_nuclei_live_in_massive_galaxies() -> None:
    masses = [3e9, 1e10, 1e11, 1e12]
    expected = nucleus_probability(masses)
    assert (np.diff(expected) > 0).all() and expected[0] < 0.02 and 0.3 < expected[-1] < 0.45
    for mass, share in zip(masses, expected, strict=True):
        found = np.mean([other.nucleus is not None for other in drawn(mass)])
        assert found == pytest.approx(share, abs=4.0 * np.sqrt(share / DRAWN))


def test_a_galaxy_has_the_same_gas_whenever_it_is_drawn() -> None:
    a, b = (draw_other_gas(1e12, np.random.default_rng(3)) for _ in range(2))
    assert a.nucleus.kind == b.nucleus.kind and a.nucleus.dispersion == b.nucleus.dispersion
    np.testing.assert_array_equal(a.nucleus.luminosity, b.nucleus.luminosity)
    np.testing.assert_array_equal(a.old_widths, b.old_widths)


@pytest.mark.parametrize("kind", ["seyfert", "liner"])
def test_nuclei_lie_where_young_stars_do_not_reach(kind: str) -> None:
    """Above Kewley et al. 2001, on their side of Kewley et al. 2006 in [S II]; in [N II], where
    LINERs lie close to the line of Schawinski et al. 2007, by their median.
    """
    nuclei = [o.nucleus for o in drawn(1e12) if o.nucleus and o.nucleus.kind == kind]
    lines = np.array([nucleus.luminosity for nucleus in nuclei])
    nitrogen = log_ratio(lines, "NII6585", "Halpha")
    oxygen = log_ratio(lines, "OIII5008", "Hbeta")
    starburst = np.where(nitrogen < 0.47, 0.61 / np.minimum(nitrogen - 0.47, -1e-9) + 1.19, -9.0)
    assert np.mean(oxygen > starburst) > 0.99
    doublet = lines[:, [LINE_NAMES.index(n) for n in ("SII6718", "SII6733")]].sum(axis=1)
    sulphur = np.log10(doublet / lines[:, HALPHA])
    assert np.mean((oxygen > 1.89 * sulphur + 0.76) == (kind == "seyfert")) > 0.9
    assert (np.median(oxygen - 1.05 * nitrogen) > 0.45) == (kind == "seyfert")
    decrement = 10.0 ** log_ratio(lines, "Halpha", "Hbeta")
    assert decrement.min() >= 3.0999 and 3.2 < np.median(decrement) < 4.5


def test_their_light_is_as_that_of_their_galaxies() -> None:
    """Per solar mass alike; a Seyfert of a massive galaxy as bright as those of SDSS in [O III]."""
    brightness = {}
    for mass in (1e11, 1e12):
        nuclei = [o.nucleus for o in drawn(mass) if o.nucleus is not None]
        for kind in ("seyfert", "liner"):
            lines = np.array([n.luminosity for n in nuclei if n.kind == kind])
            brightness[mass, kind] = np.log10(lines[:, HALPHA] / mass)
            if (mass, kind) == (1e11, "seyfert"):
                oiii = np.log10(lines[:, LINE_NAMES.index("OIII5008")])
                assert 6.3 < np.median(oiii) < 7.5  # Kauffmann et al. 2003: 5.5 to 9
        assert all(60.0 <= n.dispersion <= 250.0 for n in nuclei)
    for kind in ("seyfert", "liner"):
        light, heavy = brightness[1e11, kind], brightness[1e12, kind]
        assert np.median(light) == pytest.approx(np.median(heavy), abs=0.15)
    assert np.median(brightness[1e11, "seyfert"]) > np.median(brightness[1e11, "liner"])


def test_most_galaxies_have_gas_about_old_stars() -> None:
    widths = np.array([other.old_widths for other in drawn(1e10)])
    some = widths[:, HALPHA] > 0
    assert some.mean() == pytest.approx(0.6, abs=0.04)
    assert np.mean((widths[some, HALPHA] > 0.4) & (widths[some, HALPHA] < 3.0)) > 0.9
    assert np.median(log_ratio(widths[some], "NII6585", "Halpha")) > -0.1
    assert not widths[~some].any()


@pytest.mark.parametrize("mass", [0.0, -1e10, np.nan, np.inf])
def test_impossible_masses_are_refused(mass: float) -> None:
    with pytest.raises(InputError, match="expected a positive number"):
        draw_other_gas(mass, np.random.default_rng(0))
    with pytest.raises(InputError, match="expected a positive number"):
        nucleus_probability([1e10, mass])


# What a fibre sees of it.


def old_stars(n: int = 200, *, sigma: float = 150.0) -> StarsInView:
    rng = np.random.default_rng(0)
    return StarsInView(
        distance=np.abs(rng.normal(0.0, 0.5, n)).astype("f4"),
        radius=np.full(n, 0.1, "f4"),
        velocity=rng.normal(0.0, sigma, n).astype("f4"),
        initial_mass=np.full(n, 1e7, "f4"),
        age=np.full(n, 6.0, "f4"),
        metallicity=np.full(n, 0.02, "f4"),
        dust_column=rng.gamma(1.0, 3e5, n).astype("f4"),
        gas_metallicity=np.full(n, np.nan, "f4"),
    )


SEYFERT = Nucleus("seyfert", np.linspace(1e5, 1e6, len(LINE_NAMES)), 200.0)
seen = partial(fibre_light, redshift=0.05, psf_fwhm=1.3, dust=1.0, log_u=-3.0)


def halpha_width(light: FibreLight) -> float:
    near = (FIBRE_GRID > 6500.0) & (FIBRE_GRID < 6630.0)
    return float(light.line_flux[HALPHA] / light.continuum[near].mean())


@pytest.mark.parametrize("redshift", [0.01, 0.05, 0.15])
def test_a_wide_fibre_sees_all_of_a_nucleus(spectral_table: SpectralTable, redshift: float) -> None:
    """Its luminosity is the flux times 4 pi d^2, at any redshift."""
    light = seen(
        old_stars(), spectral_table, other=OtherGas(SEYFERT, NO_GAS), redshift=redshift,
        diameter=1e4,
    )  # fmt: skip
    distance = DEFAULT_COSMOLOGY.luminosity_distance(redshift) * CM_PER_MPC
    luminosity = light.line_flux.astype(float) * 1e-17 * 4.0 * np.pi * distance**2 / LSUN
    np.testing.assert_allclose(luminosity, SEYFERT.luminosity, rtol=1e-5)
    assert light.flags == ("seyfert",)
    assert light.line_dispersion == pytest.approx(200.0)


def test_a_nucleus_off_the_axis_is_seen_in_part(spectral_table: SpectralTable) -> None:
    arcsec = DEFAULT_COSMOLOGY.kpc_per_arcsec(0.05)
    near, edge, far = (
        seen(old_stars(), spectral_table, other=OtherGas(SEYFERT, NO_GAS), centre=d * arcsec)
        for d in (0.0, 1.5, 30.0)
    )
    sigma = 1.3 / np.sqrt(8.0 * np.log(2.0))
    whole = seen(
        old_stars(), spectral_table, other=OtherGas(SEYFERT, NO_GAS), diameter=1e4
    ).line_flux
    share = -np.expm1(-0.5 * (1.5 / sigma) ** 2)
    np.testing.assert_allclose(near.line_flux / whole, share, rtol=1e-3)
    assert 0.3 < edge.line_flux[HALPHA] / whole[HALPHA] < 0.5
    assert not far.line_flux.any() and far.flags == () and edge.flags == ("seyfert",)
    for light in (edge, far):
        np.testing.assert_array_equal(light.continuum, near.continuum)


def test_gas_about_old_stars_follows_their_light_and_motion(spectral_table: SpectralTable) -> None:
    """Of its width whatever the fibre, the redshift and the dust; stars of 0.5 Gyr light none."""
    widths = np.linspace(1.0, 3.0, len(LINE_NAMES))
    other = OtherGas(None, widths)
    for conditions in ({}, {"redshift": 0.1, "dust": 0.0}, {"diameter": 8.0, "dust": 3.0}):
        light = seen(old_stars(), spectral_table, other=other, **conditions)
        assert halpha_width(light) == pytest.approx(widths[HALPHA], rel=0.01)
        assert light.line_dispersion == pytest.approx(
            np.hypot(light.stellar_dispersion, 18.0), rel=0.02
        )
        assert light.flags == ()
    young = replace(old_stars(), age=np.full(200, 0.5, "f4"))
    assert not seen(young, spectral_table, other=other).line_flux.any()


def test_components_are_as_broad_as_their_flux_tells(spectral_table: SpectralTable) -> None:
    widths = np.full(len(LINE_NAMES), 2.0)
    nucleus, old, both = (
        seen(old_stars(), spectral_table, other=OtherGas(*parts))
        for parts in ((SEYFERT, NO_GAS), (None, widths), (SEYFERT, widths))
    )
    np.testing.assert_allclose(both.line_flux, nucleus.line_flux + old.line_flux, rtol=1e-5)
    flux = np.array([light.line_flux[HALPHA] for light in (nucleus, old)])
    sigma = np.array([light.line_dispersion for light in (nucleus, old)])
    assert both.line_dispersion == pytest.approx(np.sqrt(flux @ sigma**2 / flux.sum()), rel=1e-5)


def test_a_fibre_without_stars_stays_dark(spectral_table: SpectralTable) -> None:
    away = replace(old_stars(), distance=np.full(200, 900.0, "f4"))
    other = OtherGas(SEYFERT, np.ones(len(LINE_NAMES)))
    light = seen(away, spectral_table, other=other)
    assert light.flags == ("fibre_without_stars",)
    assert not light.line_flux.any() and light.line_dispersion == 0.0


def test_typical_nuclei_are_as_strong_as_those_of_surveys(spectral_table: SpectralTable) -> None:
    """A quarter of an old galaxy in the fibre: equivalent widths of 0.5 to 40 Angstrom."""
    # 10^11 Msun of stars today were 1.75 times that at birth.
    stars = old_stars()
    stars = replace(stars, initial_mass=np.full(200, 0.25 * 1.75e11 / 200, "f4"))
    level = seen(stars, spectral_table, dust=0.0, diameter=1e4)
    widths = {"seyfert": [], "liner": []}
    for other in drawn(1e11):
        if other.nucleus is not None:
            light = replace(level, line_flux=flux_of(other.nucleus))
            widths[other.nucleus.kind].append(halpha_width(light))
    for kind, low, high in (("seyfert", 0.5, 40.0), ("liner", 0.3, 12.0)):
        inside = (np.array(widths[kind]) > low) & (np.array(widths[kind]) < high)
        assert inside.mean() > 0.9, kind
    assert np.median(widths["seyfert"]) > np.median(widths["liner"])


def flux_of(nucleus: Nucleus) -> np.ndarray:
    distance = DEFAULT_COSMOLOGY.luminosity_distance(0.05) * CM_PER_MPC
    return (nucleus.luminosity * LSUN / (4.0 * np.pi * distance**2) / 1e-17).astype("f4")


# Through the cameras.


def test_all_views_have_the_same_nucleus(
    spectral_table: SpectralTable, sdss_light: LightTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the paper's framing, whose fibres point at the centre of one redshift."""
    asked = []

    def bright(stellar_mass: float, rng: np.random.Generator) -> OtherGas:
        asked.append(stellar_mass)
        return OtherGas(SEYFERT, NO_GAS)

    monkeypatch.setattr(observation, "draw_other_gas", bright)
    particles = rotating_disc()
    look = partial(
        observe, particles, framing=PaperFraming(pixels=32, render=64), survey=SDSS, spectra=True
    )
    every, without = look(seed=5), look(seed=5, nuclei=False)
    assert asked == [pytest.approx(particles.stars.mass.sum(dtype=float))]
    extra = [
        a.fibre.line_flux.astype(float) - b.fibre.line_flux
        for a, b in zip(every, without, strict=True)
    ]
    for view in extra:
        np.testing.assert_allclose(view, extra[0], rtol=1e-3)
    np.testing.assert_allclose(extra[0] / extra[0][0], SEYFERT.luminosity / 1e5, rtol=1e-3)
    assert all("seyfert" in view.fibre.flags for view in every)


def test_nuclei_change_lines_alone(spectral_table: SpectralTable, sdss_light: LightTable) -> None:
    particles = rotating_disc()
    stars = particles.stars
    heavy = replace(stars, mass=stars.mass * np.float32(100.0))
    look = partial(
        observe,
        replace(particles, stars=heavy),
        framing=SurveyFraming(pixels=32),
        survey=SDSS,
        spectra=True,
    )
    changed = 0
    for seed in range(4):
        for a, b in zip(look(seed=seed), look(seed=seed, nuclei=False), strict=True):
            assert a.fibre.continuum.tobytes() == b.fibre.continuum.tobytes()
            assert a.image.flux.tobytes() == b.image.flux.tobytes()
            assert a.fibre.stellar_dispersion == b.fibre.stellar_dispersion
            assert (a.fibre.line_flux >= b.fibre.line_flux).all()
            assert {"seyfert", "liner"}.isdisjoint(b.fibre.flags)
            changed += (a.fibre.line_flux != b.fibre.line_flux).any()
    assert changed > 0
