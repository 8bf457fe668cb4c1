"""`picassso spectrum`: spectra of galaxies from their images."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from picassso.cli._galaxies import (
    Bands,
    Ebv,
    Images,
    PixelScale,
    PsfFwhm,
    Redshift,
    SurveyName,
    each_galaxy,
    interval_text,
    new_console,
    new_table,
    parse_numbers,
    refuse_existing,
    say_lines,
    write_with_figure,
)
from picassso.cli._region import parse_position

if TYPE_CHECKING:
    from picassso.core import GalaxyImage, Spectrum
    from picassso.painting.spectra import (
        ObservedSpectrum,
        PredictedSpectrum,
        SpectrumWeights,
    )

__all__ = ["spectrum"]

EPILOG = """
Examples:

  picassso spectrum ngc4261_ugriz.fits -o spectra --redshift 0.0075 --ebv 0.016

  picassso spectrum field_ugriz.fits -o spectra --position 12h30m49.4s,+12d23m28s --save-samples

  picassso spectrum ngc3522_ugriz.fits -o spectra --observed spec-1234-53000-0001.fits

The fibre, 3 arcsec wide, points at the middle of the image, or at --position.
"""

_PRINTED = ("EW_OII", "EW_Hbeta", "EW_OIII5008", "EW_Halpha", "EW_NII6585", "D4000", "Dn4000")

_SAME_REDSHIFT = 0.003
"""Difference over 1 + z that passes for none: 900 km/s."""


def spectrum(
    images: Images,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the spectra; made if absent.")
    ],
    redshift: Redshift = None,
    survey: SurveyName = "sdss",
    bands: Bands = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Encoder of `picassso export` [default: shipped, by the bands]."),
    ] = None,
    pixel_scale: PixelScale = None,
    psf_fwhm: PsfFwhm = None,
    ebv: Ebv = 0.0,
    position: Annotated[
        str | None,
        typer.Option(
            help="Of the fibre: X,Y in pixels from 0, or on the sky with units "
            "[default: the middle]."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="Draws from the posterior.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    save_samples: Annotated[
        bool, typer.Option("--save-samples", help="Write the draws: an image-based prior.")
    ] = False,
    observed: Annotated[
        Path | None,
        typer.Option(help="A real spectrum of the galaxy, to be drawn and compared with."),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(min=0, help="Of --observed, from 0, where that file holds several spectra."),
    ] = None,
    observed_ebv: Annotated[
        float | None,
        typer.Option(
            help="Galactic E(B-V) to correct --observed for [default: that of the image]; 0 where "
            "its file is corrected."
        ),
    ] = None,
    frame: Annotated[
        str, typer.Option(help="Of the table: 'rest' or 'observed' wavelengths.")
    ] = "rest",
    overwrite: Annotated[bool, typer.Option(help="Replace spectra that exist.")] = False,
) -> None:
    """Predict spectra with credible bands from images of galaxies."""
    from picassso.core import InputError
    from picassso.painting.spectra import load_spectrum_weights, predict_spectrum

    if frame not in ("rest", "observed"):
        raise InputError(f"--frame {frame}: expected 'rest' or 'observed'")
    at = parse_position(position, option="--position")
    real = _read_observed(
        observed, images, row=row, ebv=observed_ebv, survey=survey, redshift=redshift
    )
    options: dict[str, Any] = {
        "survey": survey,
        "bands": bands,
        "redshift": redshift,
        "pixel_scale": pixel_scale,
        "psf_fwhm": parse_numbers(psf_fwhm, option="--psf-fwhm"),
        "ebv": ebv,
    }

    @cache
    def weights_for(found: tuple[str, ...]) -> SpectrumWeights:
        return load_spectrum_weights(weights, bands=found)

    def predict_one(image: GalaxyImage, name: str) -> None:
        image = _with_redshift_of(image, real)
        paths = output / f"{name}_spectrum.fits", output / f"{name}_spectrum.png"
        refuse_existing(paths, overwrite=overwrite)
        loaded = weights_for(image.bands)
        predicted = predict_spectrum(image, loaded, position=at, samples=samples, seed=seed)
        dust = image.ebv if observed_ebv is None else observed_ebv
        compared = _compare(predicted, real, loaded, ebv=dust, source=_source(observed, row))
        _write(
            image,
            predicted,
            compared,
            *paths,
            field=loaded.pixels,
            frame=frame,
            samples=save_samples,
        )
        _report(predicted, compared, *paths)

    each_galaxy(images, options, predict_one, output=output, not_done="given a spectrum")


def _read_observed(
    path: Path | None,
    images: list[Path],
    *,
    row: int | None,
    ebv: float | None,
    survey: str,
    redshift: float | None,
) -> Spectrum | None:
    """The real spectrum; refused before any work where there are several galaxies."""
    from picassso.archive.fits import group_images
    from picassso.archive.spectra import read_spectrum
    from picassso.core import InputError

    if path is None:
        for option, given in (("row", row), ("observed-ebv", ebv)):
            if given is not None:
                raise InputError(f"--{option} {given}: is of --observed, which is not given")
        return None
    if len(group_images(images, survey=survey)) > 1:
        raise InputError("--observed: is the spectrum of one galaxy; give the images of that alone")
    try:
        return read_spectrum(path, row=row)
    except InputError:
        if redshift is None:
            raise
    # A spectrum that does not know its redshift has that of the galaxy.
    return read_spectrum(path, redshift=redshift, row=row)


def _with_redshift_of(image: GalaxyImage, real: Spectrum | None) -> GalaxyImage:
    """The image; at the redshift of the real spectrum where nobody knew its own."""
    if real is None or not image.redshift_assumed or real.redshift <= 0:
        return image
    notes = [note for note in image.assumptions if "IS ASSUMED" not in note]
    return replace(
        image,
        redshift=real.redshift,
        redshift_assumed=False,
        assumptions=(*notes, f"redshift {real.redshift:g} is that of the observed spectrum"),
    )


def _source(path: Path | None, row: int | None) -> str:
    """Name of the file of the real spectrum, and which of its spectra."""
    name = "" if path is None else path.name
    return name if row is None else f"{name} row {row}"


def _compare(
    predicted: PredictedSpectrum,
    real: Spectrum | None,
    weights: SpectrumWeights,
    *,
    ebv: float,
    source: str,
) -> ObservedSpectrum | None:
    from picassso.painting.spectra import compare_observed, load_spectrum_encoder

    if real is None:
        return None
    encoder = load_spectrum_encoder(weights)
    return compare_observed(
        predicted, real, weights=weights, encoder=encoder, ebv=ebv, source=source
    )


def _write(
    image: GalaxyImage,
    predicted: PredictedSpectrum,
    observed: ObservedSpectrum | None,
    fits: Path,
    sheet: Path,
    *,
    field: int,
    frame: str,
    samples: bool,
) -> None:
    """Write a spectrum and its figure, both or neither."""
    from picassso.figures import save_figure
    from picassso.painting.spectra import draw_spectrum, write_predicted

    written = predicted if frame == "rest" else predicted.to_observed()
    write_with_figure(
        fits,
        lambda path: write_predicted(written, path, samples=samples, observed=observed),
        lambda: save_figure(draw_spectrum(image, predicted, field=field, observed=observed), sheet),
        what="spectrum",
    )


def _report(
    predicted: PredictedSpectrum, observed: ObservedSpectrum | None, fits: Path, sheet: Path
) -> None:
    """Main indices with their intervals, assumptions, and what was written."""
    from picassso.painting.spectra.picture import error_text

    console = new_console()
    title = f"{predicted.galaxy_id}: spectrum at rest, medians and 68% intervals"
    console.print(title, markup=False)
    table = new_table("index", "unit", "predicted", *(["observed"] if observed else []))
    units = dict(zip(predicted.index_names, predicted.index_units, strict=True))
    for name in _PRINTED:
        _, low, middle, high, _ = predicted.index(name)
        cells = [name.replace("_", " "), units[name], interval_text(low, middle, high)]
        table.add_row(*cells, *([error_text(*observed.indices[name])] if observed else []))
    console.print(table)
    shares = sorted(predicted.class_probabilities.items(), key=lambda item: -item[1])
    classes = ", ".join(f"{n.replace('_', ' ')} {p:.0%}" for n, p in shares if p >= 0.005)
    lines = (*predicted.assumptions, *_doubts(predicted, observed))
    notes = [f"Note: {line}" for line in lines]
    compared = [f"Compared: {_departure_text(observed)}"] if observed else []
    written = f"Written: {fits} and {sheet}"
    say_lines(console, [f"Emission: {classes}", *compared, *notes, written])


def _doubts(predicted: PredictedSpectrum, observed: ObservedSpectrum | None) -> list[str]:
    """What makes one doubt that the observed spectrum is of the galaxy, or of use."""
    if observed is None:
        return []
    doubts = [f"the observed spectrum is flagged {', '.join(observed.flags)}"] * bool(
        observed.flags
    )
    if abs(observed.redshift - predicted.redshift) > _SAME_REDSHIFT * (1 + predicted.redshift):
        doubts.append(
            f"the observed spectrum is of redshift {observed.redshift:.4g}, the image of "
            f"{predicted.redshift:.4g}: are they of one galaxy?"
        )
    return doubts


def _departure_text(observed: ObservedSpectrum) -> str:
    """How unlike the observed latents are, in words."""
    found = observed.departure
    if not math.isfinite(found.p_value):
        return "the spectrum covers too little to say how unlike it is"
    return (
        f"squared distance of the observed latents from those predicted {found.distance:.3g}, "
        f"p-value {found.p_value:.2g} among validation galaxies"
    )
