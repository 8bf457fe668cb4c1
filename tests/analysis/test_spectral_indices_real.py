"""Indices of real spectra of SDSS beside what its own pipeline measured on them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from picassso.analysis.spectra import INDICES
from picassso.core import REST_GRID, pixel_edges


class _Real(NamedTuple):
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    inverse_variance: NDArray[np.float64]
    line_area: dict[str, tuple[float, float]]

    def flux_and_error(self, line: str) -> tuple[float, float, float]:
        """Flux of a line, its error, and the continuum at it."""
        seen = (self.wavelength, self.flux, self.inverse_variance)
        flux = INDICES[f"flux_{line}"]
        value, width = float(flux(*seen)), float(INDICES[f"EW_{line}"](*seen))
        return value, float(flux.error(*seen)), value / width


@pytest.fixture(scope="module")
def spectra(data_dir: Path) -> list[_Real]:
    files = sorted((data_dir / "sdss_spectra").glob("*.fits"))
    if not files:
        pytest.skip("no real spectra of SDSS")
    found = []
    for path in files:
        with fits.open(path) as file:
            coadd, one_plus_z = file["COADD"].data, 1.0 + float(file["SPECOBJ"].data["Z"][0])
            lines = file["SPZLINE"].data
            found.append(
                _Real(
                    10.0 ** coadd["loglam"].astype(np.float64) / one_plus_z,
                    coadd["flux"].astype(np.float64) * one_plus_z,
                    coadd["ivar"].astype(np.float64) / one_plus_z**2,
                    {str(r["LINENAME"]).strip(): (r["LINEAREA"], r["LINEAREA_ERR"]) for r in lines},
                )
            )
    return found


def test_nitrogen_agrees_with_the_pipeline(spectra: list[_Real]) -> None:
    # Stars hardly absorb at [N II] 6585.
    for real in spectra:
        ours, error, _ = real.flux_and_error("NII6585")
        theirs, their_error = real.line_area["[N_II] 6583"]
        assert abs(ours - theirs) < 3.0 * np.hypot(error, their_error)


@pytest.mark.parametrize(
    ("line", "name", "usual"), [("Halpha", "H_alpha", (0.8, 1.3)), ("Hbeta", "H_beta", (1.9, 2.9))]
)
def test_balmer_lines_lack_what_stars_absorb(
    spectra: list[_Real], line: str, name: str, usual: tuple[float, float]
) -> None:
    # The pipeline subtracts stars before it measures: its lines exceed ours by what stars absorb.
    absorbed = []
    for real in spectra:
        ours, error, continuum = real.flux_and_error(line)
        theirs, their_error = real.line_area[name]
        noise = np.hypot(error, their_error) / continuum
        absorbed.append((theirs - ours) / continuum)
        assert usual[0] - 3.0 * noise < absorbed[-1] < usual[1] + 3.0 * noise
    assert usual[0] < np.median(absorbed) < usual[1]


def test_break_tells_old_from_young(spectra: list[_Real]) -> None:
    seen = [(r.wavelength, r.flux, r.inverse_variance) for r in spectra]
    narrow = np.array([INDICES["Dn4000"](*s) for s in seen])
    assert ((narrow > 1.0) & (narrow < 2.3)).all()
    halpha = np.array([INDICES["EW_Halpha"](*s) for s in seen])
    # What shines in Halpha is what has young stars.
    assert narrow[halpha > 3.0].max() < narrow[halpha < 0.0].min()


def test_the_grid_of_the_autoencoder_measures_the_same(spectra: list[_Real]) -> None:
    for real in spectra:
        flux, weight = _on_rest_grid(real)
        for name in ("EW_Halpha", "EW_NII6585", "EW_Hbeta", "Dn4000"):
            fine = INDICES[name](real.wavelength, real.flux, real.inverse_variance)
            error = INDICES[name].error(real.wavelength, real.flux, real.inverse_variance)
            coarse = INDICES[name](REST_GRID, flux, weight)
            assert abs(fine - coarse) < 0.5 * error


def _on_rest_grid(real: _Real) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Flux conserved, and 1 where half of a pixel is known."""
    edges, known = pixel_edges(real.wavelength), real.inverse_variance > 0
    light, covered = (
        np.concatenate([[0.0], np.cumsum(np.where(known, f, 0.0) * np.diff(edges))])
        for f in (real.flux, np.ones_like(real.flux))
    )
    new = pixel_edges(REST_GRID)
    light, covered = (np.diff(np.interp(new, edges, c)) for c in (light, covered))
    return light / np.maximum(covered, 1e-9), (covered > 0.5 * np.diff(new)).astype(np.float64)
