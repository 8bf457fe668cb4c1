"""Galaxies whose observed spectra depart from what their images foretell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from picassso.analysis.spectra import select_outliers
from picassso.archive.fits.cards import plain_text
from picassso.core import InputError
from picassso.painting.spectra.candidates import predicted_files
from picassso.painting.spectra.files import opened_predicted
from picassso.painting.spectra.observed import COVERS_TOO_LITTLE, same_redshift
from picassso.painting.spectra.predicted import PredictedSpectrum
from picassso.painting.spectra.targets import is_trusted, refuse_other_weights, shared_provenance

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Outliers", "find_outliers"]


@dataclass(frozen=True, slots=True)
class _Compared:
    """A galaxy beside its observed spectrum, as a file has them."""

    predicted: PredictedSpectrum
    redshift: float
    distance: float
    p_value: float
    largest: str
    share: float
    flags: tuple[str, ...]
    source: str

    @property
    def trusted(self) -> bool:
        return (
            same_redshift(self.redshift, self.predicted.redshift)
            and not {COVERS_TOO_LITTLE, "redshift_warning"} & set(self.flags)
            and is_trusted(self.predicted.flags)
        )


@dataclass(frozen=True, slots=True)
class Outliers:
    """Galaxies by how far they depart.

    Parameters
    ----------
    table : Table
        A row a galaxy, the least p-value first, those that are not trusted last; the weights in
        its metadata.
    failures : tuple of str
        What was wrong with files that are not in it.
    """

    table: Table
    failures: tuple[str, ...]


def find_outliers(things: Sequence[str | Path], *, false_discovery_rate: float = 0.1) -> Outliers:
    """Gather galaxies that were compared with observed spectra, and say who departs.

    Not trusted, and never selected, are galaxies outside of the training range or of an assumed
    redshift, spectra of too few pixels or of a doubtful redshift, and pairs whose redshifts differ
    by more than 900 km/s.

    Parameters
    ----------
    things : sequence of path
        Files that ``picassso spectrum --observed`` wrote, or folders of them.
    false_discovery_rate : float
        Part of the selected galaxies that may obey the learnt mapping (`select_outliers`).

    Raises
    ------
    InputError
        If nothing can be gathered, the rate is none, or spectra were predicted by different
        weights.
    """
    files = [file for thing in things for file in _files(Path(thing))]
    paths = {file.resolve(): file for file in files}.values()  # none counts twice
    found: list[_Compared] = []
    failures: list[str] = []
    for path in paths:
        try:
            found.append(_read(path))
        except InputError as error:
            failures.append(str(error))
    if not found:
        raise InputError(failures[0] if failures else "there is no galaxy to judge")
    predicted = [c.predicted for c in found]
    refuse_other_weights(predicted)
    p_value = np.array([c.p_value if c.trusted else np.nan for c in found])
    chosen = select_outliers(p_value, false_discovery_rate=false_discovery_rate)
    trusted = np.array([c.trusted for c in found])
    distance = np.array([c.distance for c in found])
    order = np.lexsort((-distance, p_value, ~trusted))
    table = _table([found[k] for k in order], chosen[order])
    table.meta |= {"false_discovery_rate": false_discovery_rate, **shared_provenance(predicted)}
    return Outliers(table, tuple(failures))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    return predicted_files(path) or [path]


def _read(path: Path) -> _Compared:
    """A predicted spectrum and what it was compared with."""
    with opened_predicted(path) as (predicted, hdus):
        if "OBSERVED" not in hdus:
            raise InputError(
                f"{path}: was not compared with an observed spectrum; predict it again with "
                "--observed"
            )
        header, latents = hdus["OBSERVED"].header, hdus["OBSERVED_LATENTS"].data
        parts = np.array(latents["contribution"])
        largest = int(np.argmax(parts))
        return _Compared(
            predicted=predicted,
            redshift=float(header["ZOBS"]),
            distance=float(header["DISTANCE"]),
            p_value=float(header.get("PVALUE", np.nan)),
            largest=str(latents["name"][largest]),
            share=float(parts[largest] / parts.sum()) if parts.sum() > 0 else np.nan,
            flags=tuple(f for f in plain_text(header.get("FLAGS", "")).split(",") if f),
            source=str(header.get("SRCFILE", "")),
        )


def _table(ranked: Sequence[_Compared], chosen: Any) -> Table:
    """A row a galaxy."""
    from astropy.table import Table

    table = Table()
    table["galaxy_id"] = [c.predicted.galaxy_id for c in ranked]
    table["view"] = [c.predicted.view for c in ranked]
    for k, name in enumerate(("ra", "dec")):
        table[name] = [np.nan if c.predicted.sky is None else c.predicted.sky[k] for c in ranked]
        table[name].unit = "deg"
    table["redshift"] = [c.predicted.redshift for c in ranked]
    table["observed_redshift"] = [c.redshift for c in ranked]
    table["distance"] = [c.distance for c in ranked]
    table["p_value"] = [c.p_value for c in ranked]
    table["outlier"] = chosen
    table["largest_latent"] = [c.largest for c in ranked]
    table["largest_share"] = [c.share for c in ranked]
    table["trusted"] = [c.trusted for c in ranked]
    table["flags"] = [",".join((*c.predicted.flags, *c.flags)) for c in ranked]
    table["spectrum"] = [c.source for c in ranked]
    return table
