"""What a caller may ask of every reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from picassso.core import InputError

__all__ = ["GalaxyNotFound", "ReadOptions"]


class GalaxyNotFound(InputError):
    """A file holds other galaxies than the one asked for."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Choices of a caller; each reader uses those that make sense for its layout.

    Parameters
    ----------
    galaxy : str or None
        One galaxy only: its number in the catalogue, or its id.
    catalogue : Path or None
        Subhalo catalogue (HDF5) of a group-ordered snapshot, or a text table whose first four
        columns are subhalo number and centre, for cutouts.
    centre : tuple of float or None
        Centre, in the file's own length unit.
    box_size : float or None
        Side of the periodic box, in the file's own length unit.
    min_stars : int
        Galaxies with fewer star particles are passed over in a file of many.
    """

    galaxy: str | None = None
    catalogue: Path | None = None
    centre: tuple[float, float, float] | None = None
    box_size: float | None = None
    min_stars: int = 100
