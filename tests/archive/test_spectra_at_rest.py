"""Real spectra from file to the grid of the autoencoder: nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from picassso.archive import read_spectra, read_spectrum, write_spectrum
from picassso.core import REST_GRID, Spectrum, pixel_edges, vacuum_to_air
from picassso.observatory.spectra.resample import resample, to_rest

SDSS = ("0266-51630-0168", "0266-51630-0367", "0266-51630-0486", "0267-51608-0413")
FILES = [
    *(f"sdss_spectra/spec-{name}.fits" for name in (*SDSS, "0268-51633-0223")),
    "sdss_spectra/NGC3522_SDSS_DR18.fits",
    "manga_spectra/MaNGA_test_spectra.fits.gz",
]


def whole_pixels(one: Spectrum) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of the grid that are known throughout, and the flux that was observed in each."""
    edges, own = pixel_edges(REST_GRID) * (1 + one.redshift), pixel_edges(one.wavelength)
    width = np.diff(own)

    def within(density: np.ndarray) -> np.ndarray:
        return np.diff(np.interp(edges, own, np.append(0.0, np.cumsum(density * width))))

    return within(one.usable) > (1 - 1e-9) * np.diff(edges), within(one.flux.astype(float))


@pytest.mark.parametrize("name", FILES)
def test_flux_is_conserved_from_the_file_to_the_grid(data_dir: Path, name: str) -> None:
    for one in read_spectra(data_dir / name):
        found = resample(to_rest(one), REST_GRID)
        assert (found.redshift, found.medium, found.galaxy_id) == (0, "vacuum", one.galaxy_id)
        assert found.flags == one.flags
        whole, observed = whole_pixels(one)
        assert whole.any() == ("no_valid_pixels" not in one.flags)
        if not whole.any():
            assert found.mask.all() and not found.usable.any()
            continue
        assert whole.mean() > 0.8 and found.usable[whole].all()
        gained = (found.flux * np.diff(pixel_edges(REST_GRID)))[whole].sum()
        assert gained == pytest.approx(observed[whole].sum(), rel=1e-4)


@pytest.mark.parametrize("name", FILES[:2])
def test_air_and_vacuum_lead_to_the_same(data_dir: Path, tmp_path: Path, name: str) -> None:
    """A spectrum with its wavelengths told in air, written and read, is the same at rest."""
    one = read_spectrum(data_dir / name)
    air = vacuum_to_air(one.wavelength)
    stretch = np.diff(pixel_edges(one.wavelength)) / np.diff(pixel_edges(air))
    told = replace(
        one,
        wavelength=air,
        medium="air",
        flux=(one.flux * stretch).astype(np.float32),
        inverse_variance=(one.inverse_variance / stretch**2).astype(np.float32),
    )
    write_spectrum(told, tmp_path / "air.fits")
    found, expected = to_rest(read_spectrum(tmp_path / "air.fits")), to_rest(one)
    assert found.wavelength == pytest.approx(expected.wavelength, rel=1e-9)
    assert found.flux == pytest.approx(expected.flux, rel=1e-5)
    assert found.inverse_variance == pytest.approx(expected.inverse_variance, rel=1e-5)
