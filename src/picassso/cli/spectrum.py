"""`picassso spectrum`: spectra of galaxies from their images."""

from __future__ import annotations

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
from picassso.cli._observed import ObservedFiles, departure_text, doubts
from picassso.cli._region import parse_position

if TYPE_CHECKING:
    from picassso.core import GalaxyImage
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

  picassso spectrum cutouts/*.fits -o spectra --observed observed/

The fibre, 3 arcsec wide, points at the middle of the image, or at --position.
"""

_PRINTED = ("EW_OII", "EW_Hbeta", "EW_OIII5008", "EW_Halpha", "EW_NII6585", "D4000", "Dn4000")


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
        typer.Option(
            help="A real spectrum of the galaxy, to be drawn and compared with; or a folder of "
            "them, named as the galaxies are."
        ),
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
    files = ObservedFiles(observed, images, row=row, ebv=observed_ebv, survey=survey)
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
        paths = output / f"{name}_spectrum.fits", output / f"{name}_spectrum.png"
        refuse_existing(paths, overwrite=overwrite)
        image, real = files.explained(image), files.of(image)
        loaded = weights_for(image.bands)
        predicted = predict_spectrum(image, loaded, position=at, samples=samples, seed=seed)
        compared = files.compare(predicted, real, image, loaded)
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

    each_galaxy(
        images,
        options,
        predict_one,
        output=output,
        not_done="given a spectrum",
        better=files.redshift_for,
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
    lines = (*predicted.assumptions, *doubts(predicted, observed))
    notes = [f"Note: {line}" for line in lines]
    compared = [f"Compared: {departure_text(observed)}"] if observed else []
    written = f"Written: {fits} and {sheet}"
    say_lines(console, [f"Emission: {classes}", *compared, *notes, written])
