"""Colour maps are ordered and told apart; limits and labels fit the property."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import DERIVED, EXCESSES, PROPERTIES
from picassso.figures import STYLES, colour_map, drawn_values, limits_of, style_of
from picassso.figures.style import unit_text

NAMES = [*PROPERTIES, *DERIVED, *EXCESSES]


def lightness(name: str) -> np.ndarray:
    """CIE L* along a colour map (sRGB, IEC 61966-2-1; D65)."""
    rgb = colour_map(name)(np.linspace(0, 1, 64))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def test_every_property_has_a_style() -> None:
    assert set(STYLES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_lightness_rises_all_the_way_and_evenly(name: str) -> None:
    steps = np.diff(lightness(name))
    assert (steps > 0).all()
    assert steps.max() < 3 * steps.mean()
    assert steps.sum() > 65


def test_families_have_colour_maps_of_their_own() -> None:
    maps = [style_of(name).colour_map for name in PROPERTIES]
    assert len(set(maps)) == len(maps)
    for derived in DERIVED.values():
        assert style_of(derived.name).colour_map == style_of(derived.numerator).colour_map


@pytest.mark.parametrize("name", PROPERTIES)
def test_typical_limits_begin_at_the_floor(name: str) -> None:
    low, high = style_of(name).limits
    assert abs(low - np.log10(PROPERTIES[name].floor)) < 0.05
    assert high > low + 2


def test_logarithm_keeps_unknown_apart_from_zero() -> None:
    drawn = drawn_values(np.array([1e7, 0.0, -1.0, np.nan]), "stellar_mass")
    assert drawn[0] == pytest.approx(7.0)
    assert np.isneginf(drawn[1:3]).all()
    assert np.isnan(drawn[3])


def test_ratios_have_fixed_limits() -> None:
    for name in DERIVED:
        assert limits_of(name, np.full((4, 4), 1e3)) == style_of(name).limits


def test_linear_property_is_drawn_as_it_is() -> None:
    values = np.array([[0.0, 5.0]], np.float32)
    assert np.array_equal(drawn_values(values, "stellar_age"), values)
    assert limits_of("stellar_age", values) == style_of("stellar_age").limits


def test_limits_follow_the_data_but_stay_above_the_floor() -> None:
    faint, bright = np.full((4, 4), 2e6), np.full((4, 4), 2e10)
    assert limits_of("stellar_mass", faint) == (5.0, 6.5)
    assert limits_of("stellar_mass", faint, bright) == (6.0, 10.5)
    assert limits_of("stellar_mass", np.full((4, 4), np.nan)) == style_of("stellar_mass").limits
    assert limits_of("stellar_mass") == style_of("stellar_mass").limits


def test_unit_text() -> None:
    assert unit_text("solMass yr-1 kpc-2") == r"$M_\odot\,\mathrm{yr}^{-1}\,\mathrm{kpc}^{-2}$"
    assert unit_text("") == ""


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_valid_mathtext(name: str) -> None:
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(style_of(name).label)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(KeyError, match="stellar_mass"):
        style_of("dark_matter")
