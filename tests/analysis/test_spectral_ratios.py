"""Classes of emission: the lines of the papers, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picassso.analysis.spectra import (
    EMISSION_CLASSES,
    NO_EMISSION,
    classify,
    classify_spectra,
    kauffmann_2003,
    kewley_2001,
    log_ratio,
    schawinski_2007,
)
from picassso.core import REST_GRID, get_line


def _class(log_nii_ha: float, log_oiii_hb: float, halpha_width: float = 5.0) -> str:
    return EMISSION_CLASSES[int(classify(log_nii_ha, log_oiii_hb, halpha_width))]


@pytest.mark.parametrize(
    ("log_nii_ha", "log_oiii_hb", "expected"),
    [
        (-1.2, 0.5, "star-forming"),  # an H II galaxy
        (-0.4, -0.5, "star-forming"),  # a massive spiral
        (-0.2, -0.1, "composite"),
        (0.0, 1.0, "Seyfert"),  # NGC 1068 and its like
        (0.2, 0.3, "LINER"),
        (0.6, -1.0, "LINER"),  # right of both asymptotes
        (np.nan, 0.3, "no_emission"),
        (0.2, np.nan, "no_emission"),
    ],
)
def test_known_places(log_nii_ha: float, log_oiii_hb: float, expected: str) -> None:
    assert _class(log_nii_ha, log_oiii_hb) == expected


@pytest.mark.parametrize("width", [0.49, -1.0, np.nan])
def test_lines_too_weak_tell_no_class(width: float) -> None:
    assert _class(0.0, 1.0, width) == "no_emission"
    assert _class(0.0, 1.0, 0.5) == "Seyfert"


def test_lines_of_the_papers() -> None:
    # Evaluated by hand at log([N II] / Halpha) = -0.45.
    assert kauffmann_2003(-0.45) == pytest.approx(1.3 - 1.22)
    assert kewley_2001(-0.45) == pytest.approx(1.19 - 0.61 / 0.92)
    assert schawinski_2007(-0.45) == pytest.approx(-0.0225)
    assert kauffmann_2003(0.05) == kewley_2001(0.47) == -np.inf
    assert np.isnan(kewley_2001(np.nan))


@given(st.floats(-3, 2), st.floats(-3, 3))
def test_more_oxygen_never_leads_back_to_star_formation(x: float, y: float) -> None:
    order = {"star-forming": 0, "composite": 1, "LINER": 2, "Seyfert": 2}
    assert order[_class(x, y)] <= order[_class(x, y + 0.1)]


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_ratio_of_what_is_not_positive_is_not_known(a: float, b: float) -> None:
    ratio = log_ratio(a, b)
    assert np.isnan(ratio) == (a <= 0 or b <= 0)


def test_shapes() -> None:
    assert classify(np.zeros((3, 4)), np.zeros((3, 4)), np.ones((3, 4))).shape == (3, 4)


def test_stars_hide_a_seyfert() -> None:
    def line(name: str, flux: float) -> np.ndarray:
        width = 3.0
        z = (REST_GRID - get_line(name).wavelength) / width
        return flux * np.exp(-0.5 * z**2) / (width * np.sqrt(2 * np.pi))

    stars = 2.0 - line("Hbeta", 5.0) - line("Halpha", 4.0)
    gas = line("Hbeta", 2.0) + line("OIII5008", 12.0) + line("Halpha", 6.0) + line("NII6585", 6.0)
    total = stars + gas
    assert classify_spectra(REST_GRID, total) == NO_EMISSION
    seen = classify_spectra(REST_GRID, total, stars=stars)
    assert EMISSION_CLASSES[int(seen)] == "Seyfert"
