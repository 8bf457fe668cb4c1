"""Training, validation and test sets: split by galaxy, never by view."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from picassso.core import InputError

__all__ = ["SPLITS", "split_by_galaxy"]

SPLITS = ("train", "validation", "test")
"""Names of the three sets."""


def split_by_galaxy(galaxy_id: ArrayLike, stellar_mass: ArrayLike) -> NDArray[np.str_]:
    """Set of every row: all rows of one galaxy lie in the same one.

    Galaxies are sorted by stellar mass (ties by name, unknown masses last); every fifth is test,
    and every fifth of the rest validation, so that the three sets cover the same range of mass.

    Parameters
    ----------
    galaxy_id : (N,) array of str
        Name of the galaxy that each row shows.
    stellar_mass : (N,) array
        Its stellar mass, in any one unit; the mean counts where the rows of a galaxy differ (the
        same name at two snapshots).

    Returns
    -------
    (N,) array of str
        ``"train"``, ``"validation"`` or ``"test"``.

    Raises
    ------
    InputError
        If the two columns have different lengths.
    """
    galaxy_id = np.asarray(galaxy_id, dtype=str)
    stellar_mass = np.asarray(stellar_mass, dtype=np.float64)
    if galaxy_id.shape != stellar_mass.shape or galaxy_id.ndim != 1:
        raise InputError(
            f"splitting: galaxy_id has shape {galaxy_id.shape} and stellar_mass "
            f"{stellar_mass.shape}, expected two columns of one length"
        )
    names, row_galaxy, counts = np.unique(galaxy_id, return_inverse=True, return_counts=True)
    mean_mass = np.bincount(row_galaxy, weights=stellar_mass, minlength=len(names)) / counts
    # The sort is stable and `names` sorted, so that ties fall by name; NaN sorts last.
    by_mass = np.argsort(mean_mass, kind="stable")
    rank = np.arange(len(names))
    is_test = rank % 5 == 4
    rest = by_mass[~is_test]
    of_galaxy = np.full(len(names), "train", dtype="<U10")
    of_galaxy[by_mass[is_test]] = "test"
    of_galaxy[rest[np.arange(len(rest)) % 5 == 4]] = "validation"
    return of_galaxy[row_galaxy]
