"""Opening HDF5 files with errors that say what is wrong, and tables spread over several files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from picassso.core import InputError

__all__ = [
    "ParticleTable",
    "chunk_paths",
    "header_value",
    "is_hdf5",
    "open_hdf5",
    "open_table_files",
    "stem_of",
]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CHUNK = re.compile(r"^(?P<stem>.+)\.(?P<number>\d+)\.(?P<suffix>hdf5|h5)$")


def is_hdf5(path: Path) -> bool:
    """Whether a file starts as an HDF5 file does, truncated or not."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError:
        return False


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises
    ------
    InputError
        If the file does not exist, is no HDF5 file, or is truncated or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    if not is_hdf5(path):
        raise InputError(
            f"{path}: not an HDF5 file (its first bytes are not the HDF5 signature); give a "
            "snapshot or cutout in one of the layouts of docs/snapshots.md"
        )
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise _damaged(path, error) from error
    try:
        yield file
    except (OSError, RuntimeError) as error:
        raise _damaged(path, error) from error
    finally:
        file.close()


def _damaged(path: Path, error: Exception) -> InputError:
    kind = "truncated" if "truncated" in str(error) else "damaged or unreadable"
    return InputError(
        f"{path}: {kind} HDF5 file ({str(error).splitlines()[0]}); download or copy it again"
    )


def header_value(file: h5py.File, *names: str) -> Any:
    """First of some attributes of the group Header (bare or array of one), or None."""
    if "Header" not in file:
        return None
    attributes = file["Header"].attrs
    for name in names:
        if name in attributes:
            value = np.ravel(attributes[name])
            if len(value) == 1:
                item = value[0]
                return item.decode() if isinstance(item, bytes) else item
    return None


def stem_of(path: Path) -> str:
    """Name of a snapshot: that of its file without the extension and the number of the chunk."""
    match = _CHUNK.match(path.name)
    return match["stem"] if match else path.stem


def chunk_paths(path: Path) -> list[Path]:
    """All files of the snapshot (or catalogue) that a file belongs to, in order.

    Raises
    ------
    InputError
        If the header names more files than lie beside this one.
    """
    with open_hdf5(path) as file:
        n = header_value(file, "NumFilesPerSnapshot", "NumFiles")
    n = 1 if n is None else int(n)
    if n <= 1:
        return [path]
    match = _CHUNK.match(path.name)
    if match is None:
        raise InputError(
            f"{path}: its header says that it is one of {n} files; name them NAME.0.hdf5 to "
            f"NAME.{n - 1}.hdf5 and keep them in one folder"
        )
    paths = [path.with_name(f"{match['stem']}.{i}.{match['suffix']}") for i in range(n)]
    missing = [p.name for p in paths if not p.is_file()]
    if missing:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise InputError(
            f"{path}: {len(missing)} of the snapshot's {n} files are missing beside it ({shown}); "
            "fetch them too"
        )
    return paths


@contextmanager
def open_table_files(paths: Sequence[Path]) -> Iterator[list[h5py.File]]:
    """Open all files of a snapshot at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_hdf5(path)) for path in paths]


@dataclass(frozen=True)
class ParticleTable:
    """One particle type of a snapshot: its columns across all files, or a range of their rows.

    Parameters
    ----------
    path : Path
        Of the snapshot, for messages.
    kind : str
        Group in the files, such as ``"PartType4"``.
    groups : tuple of h5py.Group
        That group in each of the files that hold any particle of the kind.
    lengths : tuple of int
        Number of rows in each.
    start, stop : int
        Range of rows.
    """

    path: Path
    kind: str
    groups: tuple[h5py.Group, ...]
    lengths: tuple[int, ...]
    start: int
    stop: int

    @classmethod
    def of(cls, files: Sequence[h5py.File], kind: str, path: Path) -> ParticleTable | None:
        """Table of one particle type, or None where no file holds any.

        Raises
        ------
        InputError
            If columns of one file differ in length.
        """
        groups, lengths = [], []
        for file in files:
            group = file.get(kind)
            if not isinstance(group, h5py.Group):
                continue
            sizes = {
                name: dataset.shape[0]
                for name, dataset in group.items()
                if isinstance(dataset, h5py.Dataset) and dataset.ndim > 0
            }
            if not sizes:
                continue
            if len(set(sizes.values())) > 1:
                listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
                raise InputError(
                    f"{path}: the columns of {kind} differ in length ({listed}); each must have "
                    "one row a particle: write the file again"
                )
            length = next(iter(sizes.values()))
            if length:
                groups.append(group)
                lengths.append(length)
        if not groups:
            return None
        return cls(path, kind, tuple(groups), tuple(lengths), 0, sum(lengths))

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, name: str) -> bool:
        return all(name in group for group in self.groups)

    def attributes(self, name: str) -> h5py.AttributeManager:
        """Attributes of a column."""
        return self.groups[0][name].attrs

    def rows(self, start: int, stop: int) -> ParticleTable:
        """The same table, from one row up to another."""
        return ParticleTable(self.path, self.kind, self.groups, self.lengths, start, stop)

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of a column in the rows of this table, in the file's units.

        Raises
        ------
        InputError
            If some values are not numbers or not finite.
        """
        parts, offset = [], 0
        for group, length in zip(self.groups, self.lengths, strict=True):
            low, high = max(self.start - offset, 0), min(self.stop - offset, length)
            if low < high:
                if not isinstance(group[name], h5py.Dataset):
                    raise InputError(f"{self.path}: {self.kind}/{name} is a group, not a column")
                try:
                    parts.append(group[name][low:high])
                except (OSError, RuntimeError) as error:
                    raise _damaged(Path(group.file.filename), error) from error
            offset += length
        values = np.concatenate(parts) if parts else self.groups[0][name][:0]
        if values.dtype.kind not in "fiu":
            raise InputError(
                f"{self.path}: {self.kind}/{name} holds {values.dtype}, expected numbers"
            )
        values = values.astype(np.float64)
        bad = values.size - np.count_nonzero(np.isfinite(values))
        if bad:
            raise InputError(
                f"{self.path}: {self.kind}/{name} holds {bad} values that are NaN or infinite; "
                "remove those particles or write the file again"
            )
        return values

    def require(self, *names: str) -> None:
        """Raise InputError naming every column of `names` that the table lacks."""
        missing = [name for name in names if name not in self]
        if missing:
            present = sorted(set().union(*(group.keys() for group in self.groups)))
            raise InputError(
                f"{self.path}: {self.kind} lacks {', '.join(missing)} (it has "
                f"{', '.join(present)}); make the cutout again with these fields, "
                "or write the galaxy in the generic layout of docs/snapshots.md"
            )
