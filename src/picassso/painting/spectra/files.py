"""A predicted spectrum as FITS tables, and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from picassso.analysis.spectra import INDICES
from picassso.archive.fits.cards import ascii_text, exact_card, plain_text
from picassso.archive.fits.planes import UNREADABLE
from picassso.archive.spectra.reading import PREDICTED_KEY
from picassso.core import REST_GRID, InputError, check_target, written_whole
from picassso.painting.spectra.observed import Departure, ObservedSpectrum
from picassso.painting.spectra.predicted import QUANTILE_NAMES, PredictedSpectrum

if TYPE_CHECKING:
    from astropy.io.fits import BinTableHDU, HDUList, Header

__all__ = ["FLUX_UNIT", "is_predicted", "opened_predicted", "read_predicted", "write_predicted"]

FORMAT = 1
"""Version of the layout, in the primary header under `_KEY`."""

_KEY = PREDICTED_KEY

FLUX_UNIT = "10**-17 erg s-1 cm-2 Angstrom-1"
"""As the FITS standard writes it."""


def write_predicted(
    predicted: PredictedSpectrum,
    path: str | Path,
    *,
    samples: bool = False,
    observed: ObservedSpectrum | None = None,
    overwrite: bool = False,
) -> None:
    """Write a predicted spectrum as FITS, atomically.

    Tables ``SPECTRUM`` (a row a pixel), ``INDICES`` (a row an index), ``LATENTS`` (a row a
    latent, log10 of the norm last), ``CLASSES``, ``SAMPLES`` if asked for (a row a draw),
    ``OBSERVED`` if there is one (a row a pixel, at rest) with ``OBSERVED_INDICES`` and, where
    known, ``OBSERVED_LATENTS``, each with standard errors, and ``PROVENANCE``.

    Parameters
    ----------
    predicted : PredictedSpectrum
        In either frame; indices and latents are those at rest.
    path : path
        Of the file.
    samples : bool
        Whether to write the draws of latents and indices.
    observed : ObservedSpectrum, optional
        A real spectrum that it was compared with.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    InputError
        If the file exists and `overwrite` is False, or its folder does not exist.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    from astropy.io import fits

    path = check_target(path, overwrite=overwrite)
    tables = [
        _spectrum_table(predicted),
        _indices_table(predicted),
        _latents_table(predicted),
        _classes_table(predicted),
        *([_samples_table(predicted)] if samples else []),
        *([] if observed is None else _observed_tables(observed)),
        _provenance_table(predicted),
    ]
    with written_whole(path) as unfinished:
        fits.HDUList([fits.PrimaryHDU(header=_primary_header(predicted)), *tables]).writeto(
            unfinished, output_verify="exception"
        )


def read_predicted(path: str | Path) -> PredictedSpectrum:
    """Read what `write_predicted` wrote; without saved samples there are none of them.

    Raises
    ------
    InputError
        If the file is not a predicted spectrum, is damaged, or is of a newer layout.
    """
    with opened_predicted(path) as (predicted, _):
        return predicted


@contextmanager
def opened_predicted(path: str | Path) -> Iterator[tuple[PredictedSpectrum, HDUList]]:
    """A predicted spectrum, and the tables of its file as long as the context lasts.

    Raises
    ------
    InputError
        As `read_predicted`; also where the context meets a table that is damaged or missing.
    """
    from astropy.io import fits

    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(path, memmap=False) as hdus:
                yield _from_hdus(hdus, path), hdus
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; expected a predicted spectrum") from None
    except (*UNREADABLE, KeyError) as error:
        raise InputError(
            f"{path}: cannot be read as a predicted spectrum ({str(error).splitlines()[0]}); "
            "predict it again"
        ) from None


def is_predicted(path: str | Path) -> bool:
    """Whether a file is a predicted spectrum; one that cannot be read is none."""
    from astropy.io import fits

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _KEY in fits.getheader(path)
    except UNREADABLE:
        return False


def _primary_header(predicted: PredictedSpectrum) -> Header:
    from astropy.io import fits

    header = fits.Header()
    header["ORIGIN"] = "PICASSSO"
    header[_KEY] = (FORMAT, "version of this layout")
    header["OBJECT"] = ascii_text(predicted.galaxy_id)
    header["VIEW"] = (predicted.view, "number of the camera, 0 = real image")
    header.append(exact_card("REDSHIFT", predicted.redshift, "of the galaxy"))
    header["FRAME"] = (predicted.frame, "of wavelengths and flux densities")
    header.append(exact_card("XFIBRE", predicted.position[0], "[pixel] of the fibre, from 0"))
    header.append(exact_card("YFIBRE", predicted.position[1], "[pixel] of the fibre, from 0"))
    if predicted.sky is not None:
        header.append(exact_card("RA", predicted.sky[0], "[deg] of the fibre, ICRS"))
        header.append(exact_card("DEC", predicted.sky[1], "[deg] of the fibre, ICRS"))
    header["FLAGS"] = (",".join(predicted.flags), "")
    for key, value in predicted.provenance.items():
        for line in str(value).splitlines():
            header.add_history(ascii_text(f"{key}: {line}"))
    return header


def _spectrum_table(predicted: PredictedSpectrum) -> BinTableHDU:
    columns = {
        "wavelength": ("D", "Angstrom", predicted.wavelength),
        "mean": ("E", FLUX_UNIT, predicted.mean),
        **{
            name: ("E", FLUX_UNIT, values)
            for name, values in zip(QUANTILE_NAMES, predicted.quantiles, strict=True)
        },
        "resolution_limited": ("L", "", predicted.resolution_limited),
    }
    hdu = _table("SPECTRUM", columns)
    hdu.header["MEDIUM"] = ("vacuum", "of the wavelengths")
    return hdu


def _indices_table(predicted: PredictedSpectrum) -> BinTableHDU:
    columns: dict[str, tuple[str, str, Any]] = {
        "name": _words(predicted.index_names),
        "unit": _words(predicted.index_units),
    }
    for name, values in zip(QUANTILE_NAMES, predicted.index_quantiles, strict=True):
        columns[name] = ("E", "", values)
    return _table("INDICES", columns)


def _latents_table(predicted: PredictedSpectrum) -> BinTableHDU:
    number = len(predicted.latent_mean)
    names = (*(f"latent_{k}" for k in range(number - 1)), "log10_norm")
    columns = {
        "name": _words(names),
        "mean": ("E", "", predicted.latent_mean),
        "covariance": (f"{number}E", "", predicted.latent_covariance),
    }
    return _table("LATENTS", columns)


def _classes_table(predicted: PredictedSpectrum) -> BinTableHDU:
    shares = predicted.class_probabilities
    columns = {
        "name": _words(tuple(shares)),
        "probability": ("D", "", np.array(list(shares.values()))),
    }
    return _table("CLASSES", columns)


def _samples_table(predicted: PredictedSpectrum) -> BinTableHDU:
    columns: dict[str, tuple[str, str, Any]] = {
        name: (f"{values.shape[1]}E", "", values)
        for name, values in (
            ("latents", predicted.latent_samples),
            ("residual", predicted.residual_samples),
        )
    }
    for name, unit, values in zip(
        predicted.index_names, predicted.index_units, predicted.index_samples.T, strict=True
    ):
        columns[name] = ("E", unit, values)
    return _table("SAMPLES", columns)


def _observed_tables(observed: ObservedSpectrum) -> list[BinTableHDU]:
    """The spectrum, its indices and its latents."""
    return [
        _observed_table(observed),
        _observed_indices_table(observed),
        _observed_latents_table(observed.departure),
    ]


def _observed_table(observed: ObservedSpectrum) -> BinTableHDU:
    columns = {
        "wavelength": ("D", "Angstrom", REST_GRID),
        "flux": ("E", FLUX_UNIT, observed.flux),
        "inverse_variance": ("E", "10**34 erg-2 s2 cm4 Angstrom2", observed.inverse_variance),
    }
    hdu = _table("OBSERVED", columns)
    header = hdu.header
    header["MEDIUM"] = ("vacuum", "of the wavelengths")
    header["REDSHIFT"] = (0.0, "by which wavelengths are shifted still")
    header.append(exact_card("ZOBS", observed.redshift, "by which it was brought to rest"))
    header["OBJECT"] = ascii_text(observed.galaxy_id)
    header["SRCFILE"] = ascii_text(observed.source)
    header["FLAGS"] = ascii_text(",".join(observed.flags))
    found = observed.departure
    header.append(exact_card("EBVOBS", observed.ebv, "[mag] E(B-V) that it was corrected for"))
    header.append(exact_card("DISTANCE", found.distance, "squared, of latents"))
    if np.isfinite(found.p_value):
        header.append(exact_card("PVALUE", found.p_value, "among validation galaxies"))
    return hdu


def _observed_indices_table(observed: ObservedSpectrum) -> BinTableHDU:
    values, errors = np.array(list(observed.indices.values())).T
    columns = {
        "name": _words(tuple(observed.indices)),
        "unit": _words([INDICES[name].unit for name in observed.indices]),
        "value": ("D", "", values),
        "error": ("D", "", errors),
    }
    return _table("OBSERVED_INDICES", columns)


def _observed_latents_table(departure: Departure) -> BinTableHDU:
    columns = {
        "name": _words(tuple(f"latent_{k}" for k in range(len(departure.latents)))),
        "value": ("E", "", departure.latents),
        "error": ("E", "", departure.errors),
        "contribution": ("D", "", departure.contributions),
    }
    return _table("OBSERVED_LATENTS", columns)


def _provenance_table(predicted: PredictedSpectrum) -> BinTableHDU:
    items = predicted.provenance.items()
    columns = {
        "KEY": _words([k for k, _ in items]),
        "VALUE": _words([ascii_text(v) for _, v in items]),
    }
    return _table("PROVENANCE", columns)


def _table(name: str, columns: dict[str, tuple[str, str, Any]]) -> BinTableHDU:
    """Table of columns: format, unit and values."""
    from astropy.io import fits

    hdu = fits.BinTableHDU.from_columns(
        [
            fits.Column(name=column, format=kind, unit=unit or None, array=values)
            for column, (kind, unit, values) in columns.items()
        ]
    )
    hdu.header["EXTNAME"] = name
    return hdu


def _words(values: Sequence[str]) -> tuple[str, str, NDArray[np.str_]]:
    width = max([len(v) for v in values], default=1) or 1
    return f"{width}A", "", np.array(values, dtype=f"U{width}")


def _from_hdus(hdus: HDUList, path: Path) -> PredictedSpectrum:
    header = hdus[0].header
    if _KEY not in header:
        raise InputError(
            f"{path}: holds no predicted spectrum; expected a file from `picassso spectrum`"
        )
    if header[_KEY] > FORMAT:
        raise InputError(
            f"{path}: layout {header[_KEY]}, but this version reads up to {FORMAT}; update picassso"
        )
    spectrum, indices, latents = (hdus[n].data for n in ("SPECTRUM", "INDICES", "LATENTS"))
    names = tuple(str(n) for n in indices["name"])
    latent_samples, residual_samples, index_samples = _samples(hdus, names, len(latents))
    flags = str(header.get("FLAGS", ""))
    return PredictedSpectrum(
        galaxy_id=plain_text(header["OBJECT"]),
        view=int(header["VIEW"]),
        redshift=float(header["REDSHIFT"]),
        frame=str(header["FRAME"]),
        wavelength=spectrum["wavelength"].astype(np.float64),
        quantiles=np.stack([spectrum[n] for n in QUANTILE_NAMES]).astype(np.float32),
        mean=spectrum["mean"].astype(np.float32),
        resolution_limited=spectrum["resolution_limited"].astype(bool),
        latent_mean=latents["mean"].astype(np.float32),
        latent_covariance=latents["covariance"].astype(np.float32),
        latent_samples=latent_samples,
        residual_samples=residual_samples,
        index_names=names,
        index_units=tuple(str(u) for u in indices["unit"]),
        index_samples=index_samples,
        index_quantiles=np.stack([indices[n] for n in QUANTILE_NAMES]).astype(np.float32),
        class_probabilities={
            str(row["name"]): float(row["probability"]) for row in hdus["CLASSES"].data
        },
        position=(float(header["XFIBRE"]), float(header["YFIBRE"])),
        sky=(float(header["RA"]), float(header["DEC"])) if "RA" in header else None,
        flags=tuple(flags.split(",")) if flags else (),
        provenance={str(r["KEY"]): plain_text(r["VALUE"]) for r in hdus["PROVENANCE"].data},
    )


def _samples(
    hdus: HDUList, names: tuple[str, ...], latents: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Draws of latents (S, D), residuals (S, R) and indices (S, K); S is 0 if none were saved."""
    if "SAMPLES" not in hdus:
        of_latents, residuals, numbers = (np.empty((0, n)) for n in (latents, 0, len(names)))
    else:
        data = hdus["SAMPLES"].data
        of_latents, residuals = data["latents"], data["residual"]
        numbers = np.stack([data[n] for n in names], axis=-1)
    return (
        of_latents.astype(np.float32),
        residuals.astype(np.float32),
        numbers.astype(np.float32),
    )
