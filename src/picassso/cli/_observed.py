"""Real spectra beside predicted ones, as the verb `spectrum` is given them and speaks of them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from picassso.core import GalaxyImage, Spectrum
    from picassso.painting.spectra import ObservedSpectrum, PredictedSpectrum, SpectrumWeights
    from picassso.painting.weights import NetworkFile

__all__ = ["ObservedFiles", "departure_text", "doubts", "with_redshift_of"]


class ObservedFiles:
    """One real spectrum, or a folder of them that are named as galaxies are.

    Parameters
    ----------
    path : Path or None
        Of the file or folder; None for none.
    images : list of Path
        Of the galaxies: several need a folder.
    row : int or None
        Of a file with several spectra.
    ebv : float or None
        Galactic E(B-V) of the spectra; None for those of their images.
    survey : str
        Of the images.
    redshift : float or None
        Of the galaxies, for spectra that do not know their own.

    Raises
    ------
    InputError
        Before any work: if options contradict one another, or the file cannot be read.
    """

    def __init__(
        self,
        path: Path | None,
        images: list[Path],
        *,
        row: int | None,
        ebv: float | None,
        survey: str,
        redshift: float | None,
    ) -> None:
        from picassso.archive.fits import group_images
        from picassso.core import InputError

        self._ebv, self._redshift = ebv, redshift
        self._one: tuple[Spectrum, str] | None = None
        self._files: dict[str, Path] | None = None
        self._encoders: dict[Path, NetworkFile] = {}
        if path is None:
            for option, given in (("row", row), ("observed-ebv", ebv)):
                if given is not None:
                    raise InputError(f"--{option} {given}: is of --observed, which is not given")
        elif path.is_dir():
            if row is not None:
                raise InputError(f"--row {row}: --observed is a folder; give one file of spectra")
            self._files = {_stem(file): file for file in sorted(path.iterdir()) if file.is_file()}
        elif len(group_images(images, survey=survey)) > 1:
            raise InputError(
                "--observed: is the spectrum of one galaxy; give the images of that alone, or a "
                "folder of spectra that are named as the galaxies are"
            )
        else:
            name = path.name if row is None else f"{path.name} row {row}"
            self._one = self._read(path, row), name

    def of(self, name: str) -> tuple[Spectrum, str] | None:
        """Spectrum of a galaxy and the name of its file; None where there is none.

        Raises
        ------
        InputError
            If a folder was given that holds none of this name, or it cannot be read.
        """
        from picassso.core import InputError

        if self._files is None:
            return self._one
        if name not in self._files:
            raise InputError(f"{name}: the folder of --observed holds no spectrum of this name")
        path = self._files[name]
        return self._read(path, None), path.name

    def compare(
        self,
        predicted: PredictedSpectrum,
        real: tuple[Spectrum, str] | None,
        image: GalaxyImage,
        weights: SpectrumWeights,
    ) -> ObservedSpectrum | None:
        """What a real spectrum says beside a predicted one."""
        from picassso.painting.spectra import compare_observed, load_spectrum_encoder

        if real is None:
            return None
        spectrum, source = real
        if weights.path not in self._encoders:
            self._encoders[weights.path] = load_spectrum_encoder(weights)
        return compare_observed(
            predicted,
            spectrum,
            weights=weights,
            encoder=self._encoders[weights.path],
            ebv=image.ebv if self._ebv is None else self._ebv,
            source=source,
        )

    def _read(self, path: Path, row: int | None) -> Spectrum:
        from picassso.archive.spectra import read_spectrum
        from picassso.core import InputError

        try:
            return read_spectrum(path, row=row)
        except InputError:
            if self._redshift is None:
                raise
        # A spectrum that does not know its redshift has that of the galaxy.
        return read_spectrum(path, redshift=self._redshift, row=row)


def with_redshift_of(image: GalaxyImage, real: tuple[Spectrum, str] | None) -> GalaxyImage:
    """The image; at the redshift of the real spectrum where nobody knew its own."""
    if real is None or not image.redshift_assumed or real[0].redshift <= 0:
        return image
    redshift = real[0].redshift
    notes = [note for note in image.assumptions if "IS ASSUMED" not in note]
    return replace(
        image,
        redshift=redshift,
        redshift_assumed=False,
        assumptions=(*notes, f"redshift {redshift:g} is that of the observed spectrum"),
    )


def doubts(predicted: PredictedSpectrum, observed: ObservedSpectrum | None) -> list[str]:
    """What makes one doubt that the observed spectrum is of the galaxy, or of use."""
    from picassso.painting.spectra.observed import SAME_REDSHIFT

    if observed is None:
        return []
    found = [f"the observed spectrum is flagged {', '.join(observed.flags)}"] * bool(observed.flags)
    if abs(observed.redshift - predicted.redshift) > SAME_REDSHIFT * (1 + predicted.redshift):
        found.append(
            f"the observed spectrum is of redshift {observed.redshift:.4g}, the image of "
            f"{predicted.redshift:.4g}: are they of one galaxy?"
        )
    return found


def departure_text(observed: ObservedSpectrum) -> str:
    """How unlike the observed latents are, in words."""
    found = observed.departure
    if not math.isfinite(found.p_value):
        return "the spectrum covers too little to say how unlike it is"
    return (
        f"squared distance of the observed latents from those predicted {found.distance:.3g}, "
        f"p-value {found.p_value:.2g} among validation galaxies"
    )


def _stem(file: Path) -> str:
    """Name of a file without its endings."""
    name = file.name
    for ending in (".gz", ".bz2", ".fits", ".fit", ".ecsv", ".csv"):
        name = name.removesuffix(ending)
    return name
