"""Published relations: what goes in comes out, at rest, and nothing is tuned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from baseline_images import brighter, image_of, reordered

from picassso.analysis.baselines import (
    RELATIONS,
    MassToLight,
    Relation,
    fit_k_correction,
    region_total,
)
from picassso.analysis.baselines.mass_to_light import SOLAR_MAGNITUDES, solar_luminosities
from picassso.core import DEFAULT_COSMOLOGY, SDSS, InputError
from picassso.observatory import surface_brightness_factor

REDSHIFT = 0.05
DENSITY = 3e8  # Msun formed kpc^-2


def old_galaxy(table, *, redshift=REDSHIFT, side=12):
    """An even sheet of stars of 10 Gyr and Z = 0.02."""
    light = table.luminosities([10.0], [0.02], redshift)[0]
    sheet = DENSITY * light * surface_brightness_factor(redshift)
    return image_of(np.ones((5, side, side)) * sheet[:, None, None], redshift=redshift)


def rest_frame_density(table, relation):
    """What the relation says of the same stars, seen at rest."""
    light = table.luminosities([10.0], [0.02], 0.0)[0]
    magnitude = dict(zip(SDSS.bands, 22.5 - 2.5 * np.log10(DENSITY * light), strict=True))
    blue, red = relation.colour
    suns = 10 ** (-0.4 * (magnitude[relation.band] - SOLAR_MAGNITUDES[relation.band]))
    return 10 ** relation(magnitude[blue] - magnitude[red]) * suns


@pytest.mark.parametrize("per", ["pixel", "galaxy"])
@pytest.mark.parametrize("name", RELATIONS)
def test_masses_are_those_at_rest(sdss_light, name, per):
    baseline = MassToLight(RELATIONS[name], per)
    maps = baseline.paint(old_galaxy(sdss_light))
    assert maps.properties == baseline.properties == ("stellar_mass",) and per in baseline.name
    residual = np.log10(maps["stellar_mass"] / rest_frame_density(sdss_light, RELATIONS[name]))
    # An error of 0.01 mag in the k-correction, times slopes up to 2.
    np.testing.assert_allclose(residual, 0.0, atol=0.02)


def test_k_correction_lowers_the_mass_of_an_old_galaxy(sdss_light):
    """Its redshifted g-r is redder than at rest, which taken as it is means more mass."""
    relation = RELATIONS["Zibetti 2009, g-r -> r"]
    image = old_galaxy(sdss_light)
    corrected = MassToLight(relation).paint(image)["stellar_mass"][0, 0]
    g, r = image.flux[1, 0, 0], image.flux[2, 0, 0]
    colour = -2.5 * np.log10(g / r)
    naive = 10 ** relation(colour) * r * solar_luminosities("r", REDSHIFT)
    excess = np.log10(naive / corrected)
    k = [
        -2.5 * np.log10(a / b)
        for a, b in zip(
            sdss_light.luminosities([10.0], [0.02], REDSHIFT)[0],
            sdss_light.luminosities([10.0], [0.02], 0.0)[0],
            strict=True,
        )
    ]
    assert excess == pytest.approx(relation.slope * (k[1] - k[2]) - 0.4 * k[2], abs=0.02)
    assert 0.1 < excess < 0.3


def test_initial_mass_functions():
    """A Kroupa mass is smaller than one of a diet Salpeter function; others agree with Chabrier."""
    for relation in RELATIONS.values():
        expected = -0.15 if relation.source.startswith("Bell") else 0.0
        assert relation(np.float64(0.0)) - relation.intercept == pytest.approx(expected)


@pytest.mark.parametrize("per", ["pixel", "galaxy"])
def test_scale_equivariance(sdss_light, per):
    baseline = MassToLight(RELATIONS["Taylor 2011, g-i -> i"], per)
    image = noisy_disc(sdss_light)
    once, ten = (baseline.paint(i)["stellar_mass"] for i in (image, brighter(image, 10)))
    np.testing.assert_allclose(ten, 10 * once, rtol=1e-4, atol=1.0)


def noisy_disc(table, *, mask=None):
    """A disc of old stars that fades into the noise."""
    rng = np.random.default_rng(3)
    sheet = old_galaxy(table, side=48)
    y, x = np.indices((48, 48)) - 23.5
    flux = sheet.flux * np.exp(-np.hypot(x, y) / 5)
    noise = np.array([0.03, 0.02, 0.03, 0.05, 0.2])
    flux = flux + noise[:, None, None] * rng.standard_normal(flux.shape)
    return image_of(flux, noise=noise, mask=mask)


def test_total_of_a_galaxy_of_one_colour(sdss_light):
    """Noise neither adds nor takes mass, per pixel or per galaxy."""
    relation = RELATIONS["Roediger & Courteau 2015, BC03, g-i -> i"]
    image = noisy_disc(sdss_light)
    y, x = np.indices((48, 48)) - 23.5
    true = rest_frame_density(sdss_light, relation) * np.exp(-np.hypot(x, y) / 5)
    inside = np.hypot(x, y) < 20
    for per in ("pixel", "galaxy"):
        maps = MassToLight(relation, per).paint(image)
        total, *interval = region_total(maps, "stellar_mass", inside)
        expected = true[inside].sum() * maps.pixel_area
        assert np.log10(total / expected) == pytest.approx(0.0, abs=0.03)
        assert interval == [total] * 3
    kpc = image.pixel_scale * DEFAULT_COSMOLOGY.kpc_per_arcsec(REDSHIFT)
    assert maps.pixel_area == pytest.approx(kpc**2)


def test_masked_pixels_are_absent_and_change_nothing(sdss_light):
    mask = np.zeros((48, 48), bool)
    mask[20:24, 30:36] = True
    image = noisy_disc(sdss_light, mask=mask)
    spoilt = image.flux.copy()
    spoilt[:, mask] = np.nan
    baseline = MassToLight(RELATIONS["Taylor 2011, g-i -> i"])
    clean, dirty = (baseline.paint(i) for i in (image, replace(image, flux=spoilt)))
    np.testing.assert_array_equal(clean.cube, dirty.cube)
    np.testing.assert_array_equal(np.isnan(dirty["stellar_mass"]), mask)
    everything = np.ones_like(mask)
    assert np.isfinite(region_total(dirty, "stellar_mass", everything)[0])


def test_order_of_bands_does_not_matter(sdss_light):
    image = noisy_disc(sdss_light)
    baseline = MassToLight(RELATIONS["Bell 2003, g-r -> r"])
    order = [3, 0, 4, 2, 1]
    np.testing.assert_array_equal(
        baseline.paint(image).cube, baseline.paint(reordered(image, order)).cube
    )


def test_two_bands_are_enough(sdss_light):
    """The mass errs by what the k-corrections of one colour err, times the relation's slope."""
    relation = RELATIONS["Taylor 2011, g-i -> i"]
    maps = MassToLight(relation).paint(reordered(old_galaxy(sdss_light), [1, 3]))
    residual = np.log10(maps["stellar_mass"] / rest_frame_density(sdss_light, relation))
    observed, rest = (
        -2.5 * np.log10(sdss_light.luminosities([10.0], [0.02], z)[0][[1, 3]])
        for z in (REDSHIFT, 0.0)
    )
    correction = fit_k_correction("sdss", ("g", "i"), REDSHIFT)
    error = correction(observed[None])[0] - (observed - rest)
    # Of the populations that the correction was fitted to, this one lies at the edge.
    assert (np.abs(error) < 3.0 * correction.scatter).all()
    expected = -relation.slope * (error[0] - error[1]) + 0.4 * error[1]
    np.testing.assert_allclose(residual, expected, atol=1e-4)


def test_an_image_without_light_is_flagged(sdss_light):
    rng = np.random.default_rng(0)
    empty = image_of(rng.normal(0, 1, (5, 20, 20)) - 5.0, noise=1.0)
    maps = MassToLight(RELATIONS["Taylor 2011, g-i -> i"]).paint(empty)
    assert maps.flags == ("colour_unknown",) and np.isfinite(maps.cube).all()


def test_masked_image(sdss_light):
    image = image_of(np.ones((5, 8, 8)), mask=np.ones((8, 8), bool))
    assert np.isnan(MassToLight(RELATIONS["Taylor 2011, g-i -> i"]).paint(image).cube).all()


def test_bad_input(sdss_light):
    baseline = MassToLight(RELATIONS["Taylor 2011, g-i -> i"])
    image = old_galaxy(sdss_light)
    with pytest.raises(InputError, match="needs the bands g, i; .* lacks i"):
        baseline.paint(reordered(image, [0, 1, 2]))
    with pytest.raises(InputError, match="noise is 0"):
        baseline.paint(replace(image, noise=image.noise * 0))
    with pytest.raises(InputError, match="expected 'pixel' or 'galaxy'"):
        MassToLight(RELATIONS["Taylor 2011, g-i -> i"], "star")
    with pytest.raises(InputError, match="the Sun's magnitude"):
        solar_luminosities("J", 0.05)
    with pytest.raises(InputError, match="range of the light table"):
        baseline.paint(replace(image, redshift=0.5))


def test_a_relation_of_ones_own(sdss_light):
    relation = Relation("mine", "i", ("g", "r"), 0.3, 0.0)
    maps = MassToLight(relation).paint(old_galaxy(sdss_light))
    assert maps["stellar_mass"][0, 0] == pytest.approx(
        rest_frame_density(sdss_light, relation), rel=0.03
    )
    assert maps.provenance["method"] == "mine, g-r -> i, per pixel"
