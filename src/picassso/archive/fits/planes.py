"""What a FITS file holds: one plane a band, with whatever describes it."""

from __future__ import annotations

import bz2
import gzip
import io
import math
import re
import warnings
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from picassso.archive.fits.foreign import foreign_file, no_image, refuse_spectra
from picassso.core import InputError, Survey

if TYPE_CHECKING:
    from astropy.io.fits import HDUList, Header

__all__ = [
    "Plane",
    "band_in_name",
    "band_in_words",
    "opened",
    "parse_bands",
    "read_planes",
    "stem",
    "swapped_axes",
]

_INVERSE_VARIANCE = ("IVAR", "INVVAR")
# Images that accompany a band and are never a band themselves.
_COMPANIONS = frozenset(
    {*_INVERSE_VARIANCE, "MASK", "PSF", "WGT", "WEIGHT", "VAR", "VARIANCE", "ERR", "ERROR"}
    | {"SIGMA", "NOISE", "STD", "DQ", "FLAGS", "BADPIX", "SKY", "BACKGROUND", "MODEL", "RESIDUAL"}
)
_SUFFIX = re.compile(r"(\.(fits?|fts))?(\.(gz|bz2|fz))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One band of one galaxy as it stands in a file.

    Parameters
    ----------
    band : str or None
        None where the file does not say.
    data : (H, W) float array
        In the unit of the header.
    headers : tuple of astropy.io.fits.Header
        Its own, then the primary one: a keyword is looked up in this order.
    source : str
        File and place in it, for messages.
    number : int
        Position in its cube, counted from 1; 0 outside cubes.
    inverse_variance, mask, psf : array or None
        Companions: 1 / variance a pixel, non-zero where bad, and a stamp of the PSF.
    """

    band: str | None
    data: NDArray[Any]
    headers: tuple[Header, ...]
    source: str
    number: int = 0
    inverse_variance: NDArray[Any] | None = None
    mask: NDArray[Any] | None = None
    psf: NDArray[Any] | None = None

    def lookup(self, *keywords: str) -> Any:
        """Value of the first of the keywords that a header holds; None without any."""
        for keyword in keywords:
            for header in self.headers:
                value = header.get(keyword)
                if value is not None and str(value).strip():
                    return value
        return None

    def positive(
        self, *keywords: str, most: float = math.inf
    ) -> tuple[str | None, float | None, list[str]]:
        """First of the keywords that holds a positive number, its value, and what was no use.

        Parameters
        ----------
        keywords : str
            Looked up in this order.
        most : float
            Largest value that can be.

        Returns
        -------
        keyword, value
            None without any.
        unusable : list of str
            Such as ``PIXSCALE = -1``, of the keywords before it.
        """
        unusable: list[str] = []
        for keyword in keywords:
            value = self.lookup(keyword)
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
            if good and 0 < value <= most and math.isfinite(value):
                return keyword, float(value), unusable
            if value is not None:
                unusable.append(f"{keyword} = {value!r}")
        return None, None, unusable


def is_fits_name(path: Path | str) -> bool:
    """Whether a file is named as FITS images are, compressed or not."""
    return bool(_SUFFIX.search(Path(path).name)[1])  # type: ignore[index]


def stem(path: Path | str) -> str:
    """File name without ``.fits`` and the suffix of its compression."""
    return _SUFFIX.sub("", Path(path).name)


def parse_bands(text: str | Sequence[str]) -> tuple[str, ...]:
    """Band names from ``"ugriz"``, ``"u,g,r,i,z"``, ``"u g r i z"`` or a sequence of names."""
    if not isinstance(text, str):
        if not isinstance(text, Iterable):
            raise InputError(f"bands {text!r}: expected their names, such as 'ugriz'")
        return tuple(str(b) for b in text)
    words = re.split(r"[,;\s]+", text.strip())
    return tuple(words[0]) if len(words) == 1 else tuple(w for w in words if w)


def swapped_axes(shape: tuple[int, ...], number: int) -> str:
    """What to say of a cube whose last axis is that of its bands; empty if it is not.

    Parameters
    ----------
    shape : tuple of int
        Of the cube, last axis first in FITS headers.
    number : int
        Of bands that are expected.
    """
    if len(shape) != 3 or shape[0] == number or shape[-1] != number:
        return ""
    return (
        f"shape {shape}: the last axis has {number} planes: reorder to (band, y, x), as "
        "numpy.moveaxis(cube, -1, 0) does"
    )


def band_in_words(text: str, survey: Survey) -> str | None:
    """Band named by a FILTER or EXTNAME value such as ``r``, ``SDSS r`` or ``g_SDSS.res``."""
    words = re.split(r"[^A-Za-z0-9]+", text)
    for word in words:
        if word in survey.bands:
            return word
    # FITS writers put EXTNAME in capitals.
    return text.strip().lower() if text.strip().lower() in survey.bands else None


def band_in_name(path: Path | str, survey: Survey) -> str | None:
    """Band named by a file name such as ``frame-g-002583.fits``, ``m51_g.fits`` or ``g.fits``."""
    found = {w for w in re.split(r"[^A-Za-z0-9]+", stem(path)) if w in survey.bands}
    return found.pop() if len(found) == 1 else None


def read_planes(path: Path, survey: Survey) -> list[Plane]:
    """All image planes of a FITS file, in its order.

    Raises
    ------
    InputError
        If the file is missing, not FITS, cut short, or holds spectra or no image at all.
    """
    with opened(path) as hdus:
        refuse_spectra(path, hdus)
        companions = {name: hdu.data for hdu in hdus if (name := _companion_name(hdu)) is not None}
        planes = []
        for number, hdu in enumerate(hdus):
            if not hdu.is_image or hdu.data is None or _companion_name(hdu) is not None:
                continue
            if hdu.data.ndim not in (2, 3):
                continue
            place = f"{path}[{_extname(hdu) or number}]"
            planes += _planes_of(hdu, hdus[0].header, path, place, survey, companions)
        if not planes:
            raise no_image(path, hdus)
    return planes


def _extname(hdu: Any) -> str:
    return str(hdu.header.get("EXTNAME", "")).strip()


def _planes_of(
    hdu: Any, primary: Header, path: Path, place: str, survey: Survey, companions: dict
) -> list[Plane]:
    """Planes of one HDU."""
    headers = (hdu.header,) if hdu.header is primary else (hdu.header, primary)
    shape = hdu.data.shape

    def about(band: str | None, index: int) -> dict[str, Any]:
        kinds = {"inverse_variance": _INVERSE_VARIANCE, "mask": ("MASK",), "psf": ("PSF",)}
        return {k: _companion(companions, n, band, index, shape, path) for k, n in kinds.items()}

    if hdu.data.ndim == 2:
        band = _band_of(headers, place, path, survey)
        return [Plane(band, hdu.data, headers, place, **about(band, 0))]
    named = next((h["BANDS"] for h in headers if str(h.get("BANDS", "")).strip()), None)
    bands: tuple[str | None, ...] = (None,) * len(hdu.data)
    expected = len(survey.bands if named is None else parse_bands(str(named)))
    if swapped := swapped_axes(shape, expected):
        raise InputError(f"{place}: {swapped}")
    if named is not None:
        bands = parse_bands(str(named))
        if len(bands) != len(hdu.data) or len(set(bands)) != len(bands):
            raise InputError(
                f"{place}: BANDS = {named!r} contradicts the cube, which has {len(hdu.data)} "
                "planes; correct the header so that it names each plane once"
            )
    return [
        Plane(
            band,
            plane,
            headers,
            f"{place} plane {i + 1}",
            number=i + 1,
            **about(band, i),
        )
        for i, (band, plane) in enumerate(zip(bands, hdu.data, strict=True))
    ]


def _band_of(headers: tuple[Header, ...], place: str, path: Path, survey: Survey) -> str | None:
    """Band of a two-dimensional HDU from FILTER, BAND, EXTNAME, else the file name."""
    own = headers[0]
    said = {
        keyword: band
        for keyword in ("FILTER", "BAND", "EXTNAME")
        if (band := band_in_words(str(own.get(keyword, "")), survey)) is not None
    }
    if len(set(said.values())) > 1:
        raise InputError(
            f"{place}: its header contradicts itself about the band ("
            + ", ".join(f"{k} = {own[k]!r}" for k in said)
            + "); correct the header"
        )
    if said:
        return next(iter(said.values()))
    if len(headers) > 1 and (band := band_in_words(str(headers[1].get("FILTER", "")), survey)):
        return band
    return band_in_name(path, survey)


def _companion_name(hdu: Any) -> str | None:
    """EXTNAME in capitals if the HDU accompanies a band (``IVAR``, ``r_MASK``, ``PSF_g``)."""
    name = _extname(hdu).upper()
    return name if hdu.is_image and _COMPANIONS & set(re.split(r"[_\-\s]+", name)) else None


def _companion(
    companions: dict,
    kinds: tuple[str, ...],
    band: str | None,
    index: int,
    shape: tuple[int, ...],
    path: Path,
) -> NDArray[Any] | None:
    """Companion of a band: one named after it, or its plane of a cube, or the common image."""
    number = shape[0] if len(shape) == 3 else 1
    for kind in kinds:
        own = (f"{band}_{kind}", f"{kind}_{band}", f"{band}-{kind}", f"{kind}-{band}")
        for name in (*(own if band is not None else ()), kind):
            found = companions.get(name.upper())
            if found is None:
                continue
            if found.ndim == 2:
                return found
            if found.ndim == 3 and name == kind and len(found) == number:
                return found[index]
            # A stamp of the PSF has a size of its own.
            size = "height, width" if kind == "PSF" else ", ".join(str(n) for n in shape[-2:])
            cube = f" or ({number}, {size})" if name == kind and number > 1 else ""
            raise InputError(
                f"{path}[{name.upper()}]: has the shape {found.shape}; expected ({size}){cube}, "
                "as the image has; correct this HDU or remove it"
            )
    return None


UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    *(AttributeError, IndexError, KeyError, TypeError, ValueError),
)
"""What reading a file raises that is none of FITS, cut short, or contradicts itself."""


def decompressor(path: Path) -> Any:
    """What opens a file that its first bytes say is compressed as a whole; None for any other."""
    openers: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open}
    with path.open("rb") as file:
        return openers.get(file.read(2))


class opened:
    """Open a FITS file and read all of it, turning every failure into one InputError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> HDUList:
        from astropy.io import fits
        from astropy.utils.exceptions import AstropyUserWarning

        if not self.path.is_file():
            what = "is a folder" if self.path.is_dir() else "there is no such file"
            raise InputError(f"{self.path}: {what}; expected a FITS image")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.filterwarnings(
                    "error", message=".*truncated.*", category=AstropyUserWarning
                )
                content = self._content()
                # None: where it can be, which scaled integers cannot.
                memmap = None if isinstance(content, Path) else False
                self.hdus = fits.open(content, memmap=memmap)
                for hdu in self.hdus:
                    _ = hdu.data
                self._refuse_part_of_a_header(content)
        except OSError as error:
            if error.errno is not None:
                raise
            raise self._unreadable("is not a FITS file, or a damaged one", error) from None
        except (AstropyUserWarning, *UNREADABLE) as error:
            raise self._unreadable("is cut short or damaged", error) from None
        return self.hdus

    def __exit__(self, *_: object) -> None:
        self.hdus.close()

    def _content(self) -> Path | io.BytesIO:
        """The file, decompressed in one go: seeking in it would decompress it several times."""
        opener = decompressor(self.path)
        if opener is None:
            return self.path
        with opener(self.path, "rb") as file:
            return io.BytesIO(file.read())

    def _refuse_part_of_a_header(self, content: Path | io.BytesIO) -> None:
        """Raise EOFError if a file ends within a header, which astropy passes over in silence."""
        last = self.hdus.fileinfo(len(self.hdus) - 1)
        end = last["datLoc"] + last["datSpan"]
        if isinstance(content, Path):
            with content.open("rb") as file:
                file.seek(end)
                rest = file.read(8)
        else:
            rest = bytes(content.getbuffer()[end : end + 8])
        if rest == b"XTENSION":
            raise EOFError("the last header has no end")

    def _unreadable(self, what: str, error: Exception) -> InputError:
        foreign = foreign_file(self.path)
        if foreign is not None:
            return foreign
        if "No SIMPLE card" in str(error):
            return InputError(
                f"{self.path}: is not a FITS file (it does not begin with SIMPLE); give a FITS "
                "image, or fetch this one again"
            )
        said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        return InputError(f"{self.path}: {what} ({said}); fetch or write it again")
