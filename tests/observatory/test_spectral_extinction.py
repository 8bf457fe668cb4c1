"""Dust of the Milky Way before spectra: the law, and what it does to them."""

from __future__ import annotations

import numpy as np
import pytest

from picassso.core import InputError, Spectrum, get_survey
from picassso.observatory.spectra.extinction import deredden, extinction
from picassso.observatory.spectra.resample import to_vacuum

EFFECTIVE = {
    "sdss": (3551.0, 4686.0, 6165.0, 7481.0, 8931.0),  # of its camera, SDSS DR7
    "panstarrs": (4866.0, 6215.0, 7545.0, 8679.0, 9633.0),  # Tonry et al. 2012, table 4
}


def spectrum(medium: str = "vacuum") -> Spectrum:
    wave = np.linspace(3800.0, 9200.0, 500)
    return Spectrum(
        wavelength=wave,
        medium=medium,
        flux=np.linspace(1, 2, 500, dtype=np.float32),
        inverse_variance=np.full(500, 9.0, np.float32),
        mask=np.zeros(500, bool),
        redshift=0.1,
        resolution=2000.0,
    )


@pytest.mark.parametrize("name", ["sdss", "panstarrs"])
def test_spectra_are_corrected_as_images_are(name: str) -> None:
    np.testing.assert_allclose(extinction(EFFECTIVE[name]), get_survey(name).extinction, rtol=0.03)


def test_what_dust_took_is_given_back_with_its_error() -> None:
    seen = spectrum()
    found = deredden(seen, 0.1)
    magnitudes = 2.5 * np.log10(found.flux / seen.flux)
    np.testing.assert_allclose(magnitudes, 0.1 * extinction(seen.wavelength), atol=1e-5)
    assert (np.diff(magnitudes) < 0).all(), "blue light suffers more"
    signal_to_noise = [s.flux * np.sqrt(s.inverse_variance) for s in (seen, found)]
    np.testing.assert_allclose(*signal_to_noise, rtol=1e-5)
    twice = deredden(deredden(seen, 0.04), 0.06)
    np.testing.assert_allclose(twice.flux, found.flux, rtol=1e-5)


def test_no_dust_changes_nothing() -> None:
    seen = spectrum()
    assert deredden(seen, 0.0) is seen


def test_wavelengths_in_air_are_those_of_vacuum_to_the_law() -> None:
    seen = spectrum("air")
    magnitudes = 2.5 * np.log10(deredden(seen, 5.0).flux / seen.flux)
    vacuum = to_vacuum(seen).wavelength
    np.testing.assert_allclose(magnitudes, 5.0 * extinction(vacuum), atol=1e-5)
    assert np.abs(magnitudes - 5.0 * extinction(seen.wavelength)).max() > 1e-3


@pytest.mark.parametrize("ebv", [-0.1, 7.0, float("nan")])
def test_impossible_dust_is_refused(ebv: float) -> None:
    with pytest.raises(InputError, match=r"E\(B-V\)"):
        deredden(spectrum(), ebv)


def test_the_law_says_where_it_ends() -> None:
    with pytest.raises(InputError, match="reaches from 2600 to 26500"):
        extinction([2000.0, 5000.0])
