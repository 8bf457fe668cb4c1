"""What a file is that holds no image of a galaxy, and what to do with it instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from picassso.core import InputError

if TYPE_CHECKING:
    from astropy.io.fits import HDUList

__all__ = ["foreign_file", "no_image", "refuse_spectra"]

_WANTED = "expected a cube (band, y, x), one HDU a band, or one file a band"
_WAVELENGTHS = frozenset({"WAVE", "WAVELENGTH", "LOGLAM", "LAMBDA", "LOGWAVE", "LAM"})
_SPECTRAL_AXES = ("WAVE", "AWAV", "FREQ", "VELO", "VRAD", "VOPT", "ENER", "WAVN", "LAMBDA")

_NUMPY = (
    "is a NumPy file, not FITS; write its fluxes as a FITS cube (band, y, x) with BANDS and BUNIT, "
    "or give the array in nanomaggy/arcsec2 to picassso.paint in Python"
)
_PICTURE = "is a picture, whose colours are no fluxes; give the FITS images it was made of"
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "is an HDF5 file, not FITS; `picassso mock` makes images of snapshots"),
    (b"\x93NUMPY", _NUMPY),
    (b"PK\x03\x04", "is a zip archive, not FITS; unpack it and give the FITS images in it"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
)


def foreign_file(path: Path) -> InputError | None:
    """What to tell of a file that its first bytes say is something else than FITS."""
    from picassso.archive.paper_mock import is_paper_mock

    if is_paper_mock(path):
        return InputError(
            f"{path}: is a mock of the reference network's training set, which states no unit of "
            "flux: nothing can be painted on it. picassso.archive.read_paper_mock reads its image "
            "and true maps; where you know the unit, write a FITS cube with BANDS and BUNIT"
        )
    with path.open("rb") as file:
        start = file.read(16)
    said = next((words for magic, words in _MAGIC if start.startswith(magic)), None)
    if said is not None and path.suffix.lower() == ".npz":
        said = _NUMPY
    return InputError(f"{path}: {said}") if said is not None else None


def refuse_spectra(path: Path, hdus: HDUList) -> None:
    """Raise InputError if what look like images are spectra, by their axes or a list beside them.

    Spectra are known by a spectral axis (CTYPE), or by an HDU of one axis, named WAVE or alike,
    that gives one of the axes its wavelengths.
    """
    lengths = {
        hdu.shape[0]
        for hdu in hdus
        if hdu.is_image and len(hdu.shape) == 1 and _name(hdu) in _WAVELENGTHS
    }
    for number, hdu in enumerate(hdus):
        if not hdu.is_image or len(hdu.shape) not in (2, 3):
            continue
        along_x = _is_spectral(hdu, 1) or hdu.shape[-1] in lengths
        cube = len(hdu.shape) == 3 and (_is_spectral(hdu, 3) or hdu.shape[0] in lengths)
        if not (along_x or cube):
            continue
        axes = " x ".join(str(n) for n in reversed(hdu.shape))
        what = "a spectral cube" if cube else "spectra"
        remedy = "make images of its bands first" if cube else "give an image of the galaxy"
        raise InputError(
            f"{path}[{_name(hdu) or number}]: holds {what} ({axes} pixels, by wavelength), not "
            f"images in bands; {remedy} ({_WANTED})"
        )


def no_image(path: Path, hdus: HDUList) -> InputError:
    """What to tell of a FITS file without an image."""
    tables = [hdu for hdu in hdus if not hdu.is_image and getattr(hdu, "columns", None)]
    for hdu in tables:
        columns = {str(name).upper() for name in hdu.columns.names}
        if "FLUX" in columns and columns & _WAVELENGTHS:
            return InputError(
                f"{path}: holds a spectrum (table {_name(hdu) or 'of flux and wavelength'}), no "
                f"image; give an image of the galaxy ({_WANTED})"
            )
    if any(hdu.is_image and len(hdu.shape) == 1 for hdu in hdus):
        held = "holds images of one axis, as spectra are, and none of two or three axes"
    elif tables:
        held = f"holds {len(tables)} table{'s' * (len(tables) > 1)} and no image"
    else:
        held = "holds no image of two or three axes"
    return InputError(f"{path}: {held}; {_WANTED}")


def _name(hdu: Any) -> str:
    return str(hdu.header.get("EXTNAME", "")).strip().upper()


def _is_spectral(hdu: Any, axis: int) -> bool:
    return str(hdu.header.get(f"CTYPE{axis}", "")).strip().upper().startswith(_SPECTRAL_AXES)
