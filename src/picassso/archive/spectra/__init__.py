"""Spectra in and out: real ones of SDSS and MaNGA, tables with units, those of specutils.

Whatever is read has wavelengths [Angstrom] that increase, in the medium of the file and shifted
by `Spectrum.redshift`, flux in 1e-17 erg s^-1 cm^-2 Angstrom^-1, and a mask that covers every
pixel whose flux or inverse variance is not known (flux and inverse variance are 0 there where
flux was not finite). What had to be assumed, or was found wanting, is in its flags:

``nan_pixels``
    Flux is not finite in some pixels; they are masked.
``no_valid_pixels``
    No pixel can be used.
``redshift_warning``
    ZWARNING of SDSS is set, and the redshift is the file's.
``units_assumed``
    The file states no unit; it has that of its survey's data model.
``medium_assumed_vacuum``
    The file does not say whether wavelengths are in vacuum or air.
``resolution_unknown``
    The resolution is NaN.

What `write_spectrum` wrote comes back as it was, with the flags that it had; `write_sdss_spectrum`
and `write_manga_spectra` write as the surveys do, for other programs.
"""

from picassso.archive.spectra.layouts import write_manga_spectra, write_sdss_spectrum
from picassso.archive.spectra.own import write_spectrum
from picassso.archive.spectra.reading import read_spectra, read_spectrum
from picassso.archive.spectra.specutils_spectra import from_specutils, to_specutils

__all__ = [
    "from_specutils",
    "read_spectra",
    "read_spectrum",
    "to_specutils",
    "write_manga_spectra",
    "write_sdss_spectrum",
    "write_spectrum",
]
