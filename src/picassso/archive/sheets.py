"""What a store looks like: pictures of some of its galaxies, kept inside of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from picassso.archive.store import DatasetStore
from picassso.core import FIBRE_DIAMETER, REST_GRID

__all__ = ["CONTACT_SHEET", "SPECTRA_SHEET", "draw_contact_sheet", "draw_spectra_sheet"]

CONTACT_SHEET = "contact_sheet.png"
"""Name of the picture of images and maps inside a store."""

SPECTRA_SHEET = "spectra_sheet.png"
"""Name of the picture of images and spectra, where a store has spectra."""


def draw_contact_sheet(store: DatasetStore, *, galaxies: int = 12) -> None:
    """Draw one view of some galaxies across the range of mass, with noise, beside their maps.

    Parameters
    ----------
    store : DatasetStore
        Finished.
    galaxies : int
        How many, if there are as many.
    """
    from picassso.figures import contact_sheet, save_figure

    rows = _across_mass(store, galaxies)
    rng = np.random.default_rng(store.config["seed"])
    images = [store.observed(i, rng) for i in rows]
    save_figure(contact_sheet(images, [store.truth(i) for i in rows]), store.path / CONTACT_SHEET)


def draw_spectra_sheet(store: DatasetStore, *, galaxies: int = 8) -> None:
    """Draw one view of some galaxies across the range of mass, with noise, beside their spectra.

    These are free of noise, of the resolution of SDSS, at rest.

    Parameters
    ----------
    store : DatasetStore
        Finished, with spectra.
    galaxies : int
        How many, if there are as many.
    """
    from picassso.figures import save_figure, spectra_sheet
    from picassso.observatory.spectra.spectrograph import grid_limited, rest_fluxes

    rows = _across_mass(store, galaxies)
    rng = np.random.default_rng(store.config["seed"])
    figure = spectra_sheet(
        [store.observed(i, rng) for i in rows],
        REST_GRID,
        rest_fluxes(*store.fibre_lights(rows)),
        fibre=FIBRE_DIAMETER,
        limited=grid_limited(REST_GRID),
        captions=[_caption(store, i) for i in rows],
    )
    save_figure(figure, store.path / SPECTRA_SHEET)


def _across_mass(store: DatasetStore, galaxies: int) -> list[int]:
    """Rows of the first view of some galaxies, from light to heavy."""
    good = np.flatnonzero(store.table["failure"] == "")
    first: NDArray[np.int64] = good[store.table["view"][good] == 0]
    by_mass = first[np.argsort(store.table["stellar_mass"][first], kind="stable")]
    chosen = np.unique(np.linspace(0, len(by_mass) - 1, galaxies).round().astype(int))
    return [int(by_mass[c]) for c in chosen]


def _caption(store: DatasetStore, row: int) -> str:
    """Name, redshift, mass and motions of a galaxy."""
    says = {name: column[row] for name, column in store.table.items()}
    words = [
        f"{says['galaxy_id']} · view {says['view']}",
        f"z {says['redshift']:.3f}",
        f"σ stars {says['stellar_dispersion']:.0f} km/s",
        f"σ gas {says['line_dispersion']:.0f} km/s",
    ]
    if says["stellar_mass"] > 0:
        words.insert(2, f"log M★ {np.log10(says['stellar_mass']):.2f}")
    return "    ".join(words)
