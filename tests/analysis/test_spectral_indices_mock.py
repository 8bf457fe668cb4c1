"""Lines of mock spectra: what went into the fibre comes out of the measurement."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.analysis.spectra import INDICES, MEASURED_LINES, line_flux
from picassso.core import FIBRE_GRID, LINE_NAMES, REST_GRID, FibreLight
from picassso.observatory.spectra.resample import to_rest
from picassso.observatory.spectra.spectrograph import observe_spectrum, rest_flux

FLUXES = {"OII3727": 200.0, "OII3730": 280.0, "Hbeta": 150.0, "OIII5008": 250.0, "OI6302": 30.0}
FLUXES |= {"Halpha": 450.0, "NII6585": 150.0, "NII6550": 150.0 / 3.05}
FLUXES |= {"SII6718": 90.0, "SII6733": 70.0, "Hgamma": 70.0, "Hdelta": 40.0}
TOTALS = {**FLUXES, "OII": 480.0, "SII": 160.0}


def _light(dispersion: float) -> FibreLight:
    flux = np.array([FLUXES.get(name, 0.0) for name in LINE_NAMES], dtype=np.float32)
    continuum = (20.0 + 2e-3 * (FIBRE_GRID - 5000.0)).astype(np.float32)
    return FibreLight("a", 0, 0.08, continuum, flux, dispersion, 150.0)


@pytest.mark.parametrize(("dispersion", "tolerance"), [(40.0, 0.015), (100.0, 0.01), (160.0, 0.03)])
def test_lines_come_through_the_spectrograph(dispersion: float, tolerance: float) -> None:
    flux = rest_flux(_light(dispersion))
    for line in MEASURED_LINES:
        assert line_flux(REST_GRID, flux, line) == pytest.approx(TOTALS[line], rel=tolerance), line


def test_errors_are_those_of_observed_spectra() -> None:
    light, rng = _light(100.0), np.random.default_rng(1)
    names = ("EW_Halpha", "flux_OIII5008", "EW_OII", "D4000", "log_NII_Ha")
    truth = {name: INDICES[name](REST_GRID, rest_flux(light)) for name in names}
    pulls: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(100):
        seen = to_rest(observe_spectrum(light, rng))
        weight = np.where(seen.usable, seen.inverse_variance, 0.0)
        for name in names:
            value = INDICES[name](seen.wavelength, seen.flux, weight)
            error = INDICES[name].error(seen.wavelength, seen.flux, weight)
            pulls[name].append(float((value - truth[name]) / error))
    for name in names:
        known = np.array(pulls[name])[np.isfinite(pulls[name])]
        assert known.size > 85, name
        # A standard deviation of 100 is known to 7%.
        assert 0.8 < known.std() < 1.2, (name, known.std())
        assert abs(known.mean()) < 0.4, (name, known.mean())
