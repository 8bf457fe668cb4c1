"""Where the galaxies of a mock come from: the synthetic universe, or files of particles."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from picassso.core import InputError, Particles, PicasssoError

__all__ = ["GalaxySource", "SnapshotSource", "SyntheticSource"]


class GalaxySource(Protocol):
    """Numbered galaxies that any process can load by number."""

    def __len__(self) -> int: ...

    def name(self, galaxy: int) -> str:
        """What to call a galaxy that could not be loaded."""
        ...

    def load(self, galaxy: int) -> Particles:
        """Particles of one galaxy."""
        ...

    def identity(self) -> dict[str, Any]:
        """What decides the particles, JSON-serialisable; part of a store's config."""
        ...


@dataclass(frozen=True, slots=True)
class SyntheticSource:
    """`n` galaxies of the synthetic universe of a seed and a spread, made on a device."""

    n: int
    seed: int
    device: str = "cpu"
    spread: float = 1.0

    def __post_init__(self) -> None:
        """Refuse at once what no galaxy could be made of."""
        _ = self._universe

    def __len__(self) -> int:
        return self.n

    def name(self, galaxy: int) -> str:
        """Number of the galaxy in its universe."""
        return str(self._universe.name(galaxy))

    def load(self, galaxy: int) -> Particles:
        """Particles of one galaxy; the same whatever was loaded before."""
        return self._universe[galaxy]

    def identity(self) -> dict[str, Any]:
        """Number of galaxies and spread; the seed stands beside them in the config."""
        return {"synthetic": self.n, "spread": self.spread}

    @property
    def _universe(self) -> Any:
        return _universe(self.n, self.seed, self.device, self.spread)


@lru_cache(maxsize=2)
def _universe(n: int, seed: int, device: str, spread: float) -> Any:
    """Drawing all properties takes a moment: once a process."""
    from picassso.universe import SyntheticUniverse

    return SyntheticUniverse(n, seed=seed, device=device, spread=spread)


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """Galaxies in files of particles.

    Parameters
    ----------
    entries : tuple of (path, galaxy id or None)
        None where a file could not be listed: `load` then raises the reader's own error.
    digest : str
        Hash of the files' names and sizes.
    files : int
        Number of files.
    catalogue : Path or None
        Subhalo catalogue, or table of centres, of all of them.
    min_stars : int
        Galaxies with fewer star particles were passed over.
    """

    entries: tuple[tuple[Path, str | None], ...]
    digest: str
    files: int
    catalogue: Path | None = None
    min_stars: int = 100

    @classmethod
    def scan(
        cls,
        paths: Sequence[str | os.PathLike[str]],
        *,
        catalogue: str | os.PathLike[str] | None = None,
        min_stars: int = 100,
        limit: int | None = None,
    ) -> SnapshotSource:
        """List the galaxies in files, in the order given, at most `limit` of them.

        Particles are not read. Folders are opened; of a snapshot of many files one is enough.

        Raises
        ------
        InputError
            If a file does not exist. A file that cannot be listed counts as one bad galaxy.
        """
        given = [Path(p) for p in paths]
        missing = [str(p) for p in given if not p.exists()]
        if missing:
            raise InputError(f"no such snapshot: {', '.join(missing)}")
        table = None if catalogue is None else Path(catalogue)
        if table is not None and not table.is_file():
            raise InputError(f"no such catalogue: {table}")
        from picassso.universe import list_galaxies
        from picassso.universe.readers import snapshot_files

        files = snapshot_files(given)
        entries: list[tuple[Path, str | None]] = []
        for path in files:
            try:
                found = list_galaxies(path, catalogue=table, min_stars=min_stars)
                entries += [(path, galaxy_id) for galaxy_id in found]
            except (PicasssoError, OSError, ValueError, KeyError):
                entries.append((path, None))
            if limit is not None and len(entries) >= limit:
                break
        listing = "\n".join(f"{p.name} {p.stat().st_size}" for p in files)
        return cls(
            entries=tuple(entries[:limit]),
            digest=hashlib.sha256(listing.encode()).hexdigest(),
            files=len(files),
            catalogue=table,
            min_stars=min_stars,
        )

    def __len__(self) -> int:
        return len(self.entries)

    def name(self, galaxy: int) -> str:
        """File and galaxy."""
        path, galaxy_id = self.entries[galaxy]
        return path.name if galaxy_id is None else f"{path.name}:{galaxy_id}"

    def load(self, galaxy: int) -> Particles:
        """Particles of one galaxy."""
        from picassso.universe import read_particles

        path, galaxy_id = self.entries[galaxy]
        found = next(
            iter(
                read_particles(
                    path, galaxy=galaxy_id, catalogue=self.catalogue, min_stars=self.min_stars
                )
            ),
            None,
        )
        if found is None:
            raise InputError(f"{path} holds no galaxy with stars or gas")
        return found

    def identity(self) -> dict[str, Any]:
        """Number of files and hash of their names and sizes, whatever folder they lie in."""
        identity = {
            "snapshots": self.files,
            "snapshots_sha256": self.digest,
            "min_stars": self.min_stars,
        }
        if self.catalogue is not None:
            identity["catalogue"] = [self.catalogue.name, self.catalogue.stat().st_size]
        return identity
