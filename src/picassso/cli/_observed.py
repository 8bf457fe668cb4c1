"""Real spectra beside predicted ones, as the verb `spectrum` is given them and speaks of them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from picassso.archive.spectra.held import HeldSpectrum
    from picassso.core import GalaxyImage, Spectrum
    from picassso.painting.spectra import ObservedSpectrum, PredictedSpectrum, SpectrumWeights
    from picassso.painting.weights import NetworkFile

__all__ = ["ObservedFiles", "departure_text", "doubts"]


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
    ) -> None:
        from picassso.archive.fits import group_images
        from picassso.archive.spectra.reading import held_spectrum
        from picassso.core import InputError
        from picassso.observatory.spectra.extinction import check_ebv

        self._ebv = None if ebv is None else check_ebv(ebv)
        self._one: HeldSpectrum | None = None
        self._name = "" if path is None else path.name
        self._files: dict[str, Path] | None = None
        self._read: dict[str, HeldSpectrum] = {}
        self._encoders: dict[Path, NetworkFile] = {}
        self._adopted: set[str] = set()
        if path is None:
            for option, given in (("row", row), ("observed-ebv", ebv)):
                if given is not None:
                    raise InputError(f"--{option} {given}: is of --observed, which is not given")
        elif path.is_dir():
            if row is not None:
                raise InputError(f"--row {row}: --observed is a folder; give one file of spectra")
            self._files = _by_name(path)
        elif len(group_images(images, survey=survey)) > 1:
            raise InputError(
                "--observed: is the spectrum of one galaxy; give the images of that alone, or a "
                "folder of spectra that are named as the galaxies are"
            )
        else:
            self._one = held_spectrum(path, row=row)
            self._name = path.name if row is None else f"{path.name} row {row}"

    def of(self, image: GalaxyImage) -> tuple[Spectrum, str] | None:
        """Spectrum of a galaxy and the name of its file; None where there is none.

        One that does not know its redshift has that of the image, if that is known.

        Raises
        ------
        InputError
            If a folder was given that holds none of the galaxy's name, or it cannot be read.
        """
        held, name = self._held(image.galaxy_id)
        if held is None:
            return None
        return _spectrum(held, None if image.redshift_assumed else image.redshift), name

    def redshift_for(self, image: GalaxyImage) -> dict[str, float]:
        """Redshift of the spectrum, for an image whose own nobody knows."""
        if not image.redshift_assumed:
            return {}
        held, _ = self._held(image.galaxy_id)
        if held is None:
            return {}
        spectrum = held.spectrum()
        if spectrum.redshift <= 0 or "redshift_warning" in spectrum.flags:
            return {}
        self._adopted.add(image.galaxy_id)
        return {"redshift": spectrum.redshift}

    def explained(self, image: GalaxyImage) -> GalaxyImage:
        """The image, which says where its redshift is from if it is the spectrum's."""
        if image.galaxy_id not in self._adopted:
            return image
        note = f"redshift {image.redshift:g} is that of the observed spectrum"
        return replace(image, assumptions=(*image.assumptions, note))

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
        if weights.path not in self._encoders:
            self._encoders[weights.path] = load_spectrum_encoder(weights)
        spectrum, source = real
        # At rest it is not known where the dust was met.
        dust = image.ebv if spectrum.redshift > 0 else 0.0
        return compare_observed(
            predicted,
            spectrum,
            weights=weights,
            encoder=self._encoders[weights.path],
            ebv=dust if self._ebv is None else self._ebv,
            source=source,
        )

    def _held(self, name: str) -> tuple[HeldSpectrum | None, str]:
        """What there is of a galaxy, and the name of its file."""
        from picassso.archive.spectra.reading import held_spectrum
        from picassso.core import InputError

        if self._files is None:
            return self._one, self._name
        if name not in self._files:
            raise InputError(f"{name}: the folder of --observed holds no spectrum of this name")
        path = self._files[name]
        if name not in self._read:  # asked for again at once, so one is kept
            self._read = {name: held_spectrum(path)}
        return self._read[name], path.name


def _spectrum(held: HeldSpectrum, redshift: float | None) -> Spectrum:
    """A spectrum at the redshift of its file, else at this one."""
    from picassso.core import InputError

    try:
        return held.spectrum()
    except InputError:
        if redshift is None:
            raise
    return held.spectrum(redshift)


def _by_name(folder: Path) -> dict[str, Path]:
    """Files of a folder by the names of their galaxies."""
    from picassso.archive.fits.planes import stem
    from picassso.core import InputError

    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or not file.is_file():
            continue
        name = stem(file)
        name = Path(name).stem if name.lower().endswith((".ecsv", ".csv")) else name
        if name in found:
            raise InputError(
                f"{folder}: {found[name].name} and {file.name} are both named {name}; keep one "
                "spectrum a galaxy"
            )
        found[name] = file
    return found


def doubts(predicted: PredictedSpectrum, observed: ObservedSpectrum | None) -> list[str]:
    """What makes one doubt that the observed spectrum is of the galaxy, or of use."""
    from picassso.painting.spectra.observed import same_redshift

    if observed is None:
        return []
    found = [f"the observed spectrum is flagged {', '.join(observed.flags)}"] * bool(observed.flags)
    if not same_redshift(observed.redshift, predicted.redshift):
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
