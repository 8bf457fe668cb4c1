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
    """`n` galaxies of the synthetic universe of a seed."""

    n: int
    seed: int

    def __len__(self) -> int:
        return self.n

    def name(self, galaxy: int) -> str:
        """Number of the galaxy in its universe."""
        return f"synthetic-{self.seed}-{galaxy}"

    def load(self, galaxy: int) -> Particles:
        """Particles of one galaxy; the same whatever was loaded before."""
        return _universe(self.n, self.seed)[galaxy]

    def identity(self) -> dict[str, Any]:
        """Number of galaxies; the seed stands beside it in the config."""
        return {"synthetic": self.n}


@lru_cache(maxsize=2)
def _universe(n: int, seed: int) -> Any:
    """Drawing all properties takes a moment: once a process."""
    from picassso.universe import SyntheticUniverse

    return SyntheticUniverse(n, seed=seed)


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """Galaxies in files of particles.

    Parameters
    ----------
    entries : tuple of (path, galaxy name or None)
        None where a file could not be read: `load` then raises the reader's own error.
    digest : str
        Hash of the files' names and sizes.
    files : int
        Number of files.
    """

    entries: tuple[tuple[Path, str | None], ...]
    digest: str
    files: int

    @classmethod
    def scan(
        cls, paths: Sequence[str | os.PathLike[str]], *, limit: int | None = None
    ) -> SnapshotSource:
        """List the galaxies in files, in the order given, at most `limit` of them.

        Raises
        ------
        InputError
            If a file does not exist. A file that cannot be read counts as one bad galaxy.
        """
        files = [Path(p) for p in paths]
        missing = [str(p) for p in files if not p.exists()]
        if missing:
            raise InputError(f"no such snapshot: {', '.join(missing)}")
        from picassso.universe import read_particles

        entries: list[tuple[Path, str | None]] = []
        for path in files:
            try:
                for particles in read_particles(path):
                    entries.append((path, particles.galaxy_id))
                    if len(entries) == limit:
                        break
            except (PicasssoError, OSError, ValueError, KeyError):
                entries.append((path, None))
            if limit is not None and len(entries) >= limit:
                break
        listing = "\n".join(f"{p.name} {p.stat().st_size}" for p in files)
        digest = hashlib.sha256(listing.encode()).hexdigest()
        return cls(entries=tuple(entries), digest=digest, files=len(files))

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
        found = next(iter(read_particles(path, galaxy=galaxy_id)), None)
        if found is None:
            raise InputError(f"{path} holds no galaxy with stars or gas")
        return found

    def identity(self) -> dict[str, Any]:
        """Number of files and hash of their names and sizes, whatever folder they lie in."""
        return {"snapshots": self.files, "snapshots_sha256": self.digest}
