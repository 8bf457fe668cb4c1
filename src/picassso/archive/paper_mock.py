"""Mock observations of the format that the reference network was trained on (Buck & Wolf 2021)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from picassso.archive.fits.sky import sky_noise
from picassso.core import DEFAULT_COSMOLOGY, PROPERTY_NAMES, GalaxyImage, InputError, Maps

__all__ = ["is_paper_mock", "read_paper_mock"]

_BANDS = ("u", "g", "r", "i", "z")
_NAMES = {
    "stellar_mass": "stars_Masses",
    "stellar_metal_mass": "stars_GFM_Metallicity",
    "stellar_age_mass": "stars_GFM_StellarFormationTime",
    "star_formation_rate": "gas_StarFormationRate",
    "gas_mass": "gas_Masses",
    "gas_metal_mass": "gas_GFM_Metallicity",
    "hi_mass": "gas_NeutralHydrogenAbundance",
}
_FIELDS = ("bands", "gt", "img", "properties")

_REDSHIFT = 0.05  # Buck & Wolf 2021, section 2.1.2, as the PSF
_PSF_FWHM = 1.0  # kpc
_CLIP = 1e-4  # least flux before the logarithm
_EMPTY = -99.0  # below it: -100, where no particle fell
_TINY = 1e-14  # added before the logarithm

_BARYON_MASS = 1.26e6  # Msun of a gas cell of Illustris-1 (Vogelsberger et al. 2014), within 2
_STAR_MASS = 0.60 * _BARYON_MASS  # what is left of it after 5 Gyr, remnants included (BC03)
_HYDROGEN = 0.76
_FEWEST_PIXELS = 500  # with gas, of which the lowest hundredth tells the pixel size


def is_paper_mock(path: str | Path) -> bool:
    """Whether a file is a zip archive with just the fields of such a mock."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(archive.namelist()) == [f"{name}.npy" for name in _FIELDS]
    except (OSError, zipfile.BadZipFile):
        return False


def read_paper_mock(
    path: str | Path, *, kpc_per_pixel: float | None = None
) -> tuple[GalaxyImage, Maps]:
    """Read a mock of the reference network's training set: an image and its seven true maps.

    The file (``.npz``) holds ``img``, ln(flux) of the bands ``bands``, and ``gt``, log10 of the
    maps ``properties``, transposed against the image. It states no unit, scale or redshift. The
    fluxes are handed on in the unit that they have, whatever it is: **they are not surface
    brightnesses in nanomaggy**, and the shipped weights must not be given them. The maps are
    densities per kpc^2, as lone gas cells and star particles show; a pixel that no particle fell
    on is 0. What had to be assumed is in `GalaxyImage.assumptions` and `Maps.flags`:

    - redshift 0.05 and a PSF of 1 kpc (Buck & Wolf 2021, section 2.1.2);
    - the pixel size, unless given: the least massive hundredth of the pixels with gas is taken
      to hold one gas cell of half the target mass of Illustris, 1.26e6 Msun (Vogelsberger et al.
      2014), below which the simulation merges cells. Totals go with its square;
    - stellar_age_mass from the sum of ages over particles that the file holds, with 7.6e5 Msun
      for every particle: good to some 20 per cent;
    - hi_mass from neutral fraction x gas mass, with a hydrogen fraction of 0.76.

    Parameters
    ----------
    path : path
        Such a file.
    kpc_per_pixel : float, optional
        Size of a pixel, where it is known.

    Returns
    -------
    image : GalaxyImage
        Its `flux` is in the file's own unit; pixels clipped in all bands are masked.
    maps : Maps
        The truth, (7, H, W), in the order of `picassso.core.PROPERTY_NAMES`.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another format, or holds too little gas to tell the
        size of its pixels by.
    """
    path = Path(path)
    if kpc_per_pixel is not None and not (np.isfinite(kpc_per_pixel) and kpc_per_pixel > 0):
        raise InputError(f"kpc_per_pixel {kpc_per_pixel}: expected a positive number of kpc")
    fields = _fields(path)
    _check(path, fields)
    cube = _linear_maps(fields)
    flags = ["hydrogen_fraction_assumed", "stellar_age_mass_from_sum_of_ages", "unsmoothed"]
    size = kpc_per_pixel
    if size is None:
        size = _kpc_per_pixel(cube[PROPERTY_NAMES.index("gas_mass")], path)
        flags.append("pixel_area_estimated")
    image = _image(path, fields["img"], size, estimated=kpc_per_pixel is None)
    maps = Maps(
        galaxy_id=path.stem,
        view=0,
        properties=PROPERTY_NAMES,
        cube=cube,
        pixel_area=size**2,
        flags=tuple(sorted(flags)),
        provenance={
            "source": f"{path.name}, Illustris mock of Buck & Wolf (2021)",
            "assumptions": "\n".join(image.assumptions),
        },
    )
    return image, maps


def _fields(path: Path) -> dict[str, NDArray]:
    """Arrays of the file; nothing is unpickled."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}; expected a mock of the reference network (.npz)")
    if not zipfile.is_zipfile(path):
        raise InputError(
            f"{path}: not a NumPy archive (.npz), or one cut short; fetch or write it again"
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            if sorted(archive.files) != list(_FIELDS):
                raise InputError(
                    f"{path}: holds {', '.join(sorted(archive.files)) or 'nothing'}; a mock of "
                    f"the reference network holds {', '.join(_FIELDS)} and nothing else"
                )
            return {name: np.asarray(archive[name]) for name in _FIELDS}
    except InputError:
        raise
    except Exception as error:  # the parsers of zip and .npy raise whatever they stumble on
        if "pickle" in str(error).lower():
            raise InputError(
                f"{path}: holds pickled objects, which are never loaded; write its arrays as "
                "plain numbers and words"
            ) from None
        said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(
            f"{path}: is cut short or damaged ({said}); fetch or write it again"
        ) from None


def _check(path: Path, fields: dict[str, NDArray]) -> None:
    """Raise InputError unless the arrays are those of a mock."""
    problems = []
    bands, properties = _words(fields["bands"]), _words(fields["properties"])
    if bands != list(_BANDS):
        problems.append(f"bands are {bands}, expected {list(_BANDS)}")
    if sorted(properties) != sorted(_NAMES.values()):
        problems.append(f"properties are {properties}, expected {sorted(_NAMES.values())}")
    for name, planes in (("img", len(_BANDS)), ("gt", len(_NAMES))):
        array = fields[name]
        if array.ndim != 3 or len(array) != planes or array.shape[1] != array.shape[2]:
            problems.append(f"{name} has shape {array.shape}, expected ({planes}, N, N)")
        elif array.dtype.kind != "f" or not np.isfinite(array).all():
            problems.append(f"{name} is {array.dtype}, expected finite floating-point numbers")
    if not problems and fields["img"].shape[1:] != fields["gt"].shape[1:]:
        problems.append(f"img {fields['img'].shape} and gt {fields['gt'].shape} differ in size")
    # exp(80) and 10^30 still are single-precision numbers; no mock comes near either.
    if not problems and (fields["img"].max() > 80 or fields["gt"].max() > 30):
        problems.append("img or gt is no logarithm (values above 80 and 30)")
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems) + "; write it again")


def _words(names: NDArray) -> list[str]:
    """Names in an array: no more of them than a message can show."""
    return [str(name) for name in names.ravel()[:12].tolist()]


def _linear_maps(fields: dict[str, NDArray]) -> NDArray[np.float32]:
    """(7, H, W) surface densities on the grid of the image, in the order of PROPERTY_NAMES."""
    order = _words(fields["properties"])
    log = fields["gt"].transpose(0, 2, 1).astype(np.float64)
    linear = np.where(log > _EMPTY, np.maximum(10.0**log - _TINY, 0.0), 0.0)
    cube = np.stack([linear[order.index(_NAMES[name])] for name in PROPERTY_NAMES])
    cube[PROPERTY_NAMES.index("stellar_age_mass")] *= _STAR_MASS
    cube[PROPERTY_NAMES.index("hi_mass")] *= _HYDROGEN
    return cube.astype(np.float32)


def _kpc_per_pixel(gas_mass: NDArray[np.float32], path: Path) -> float:
    """Size of a pixel by the mass of lone gas cells."""
    filled = gas_mass[gas_mass > 0]
    if filled.size < _FEWEST_PIXELS:
        raise InputError(
            f"{path}: states no pixel size, and {filled.size} pixels with gas are too few to tell "
            f"it by ({_FEWEST_PIXELS} needed); give kpc_per_pixel"
        )
    return float(np.sqrt(0.5 * _BARYON_MASS / np.percentile(filled, 1.0)))


def _image(path: Path, log_flux: NDArray, kpc: float, *, estimated: bool) -> GalaxyImage:
    """The image, with all that it does not say taken from the paper."""
    clipped = (log_flux <= np.log(_CLIP) + 1e-3).all(axis=0)
    flux = np.where(clipped, 0.0, np.exp(log_flux.astype(np.float64)))
    per_arcsec = DEFAULT_COSMOLOGY.kpc_per_arcsec(_REDSHIFT)
    noise = [sky_noise(np.where(clipped, np.nan, plane))[0] for plane in flux]
    how = "estimated from lone gas cells: totals go with its square" if estimated else "as given"
    return GalaxyImage(
        galaxy_id=path.stem,
        view=0,
        survey="sdss",
        bands=_BANDS,
        flux=flux.astype(np.float32),
        noise=np.asarray(noise, np.float32),
        mask=clipped,
        psf_fwhm=np.full(len(_BANDS), _PSF_FWHM / per_arcsec, np.float32),
        pixel_scale=kpc / per_arcsec,
        redshift=_REDSHIFT,
        assumptions=(
            "THE FLUXES ARE IN A UNIT THAT THE FILE DOES NOT STATE, band by band: colours and "
            "brightness mean nothing, and weights trained on nanomaggies cannot paint it",
            f"redshift {_REDSHIFT} and a PSF of {_PSF_FWHM:g} kpc: those of Buck & Wolf (2021)",
            f"pixels of {kpc:.3g} kpc, {how}",
            f"ages from their sum over particles, with {_STAR_MASS:.2g} Msun for each",
            f"neutral hydrogen with a hydrogen fraction of {_HYDROGEN}",
        ),
    )
