"""Emission lines: their names and wavelengths."""

from __future__ import annotations

from dataclasses import dataclass

from picassso.core.errors import InputError

__all__ = ["EMISSION_LINES", "LINE_NAMES", "EmissionLine", "get_line"]


@dataclass(frozen=True, slots=True)
class EmissionLine:
    """An emission line of ionised gas.

    Parameters
    ----------
    name : str
        As typed by users: the ion and the vacuum wavelength, or the Balmer line's own name.
    wavelength : float
        Angstrom, in vacuum.
    label : str
        For plots.
    """

    name: str
    wavelength: float
    label: str


# Vacuum wavelengths as in SDSS's table of lines (https://classic.sdss.org/dr7/algorithms/
# linestable.php, Morton 1991), rounded to 0.01 A.
EMISSION_LINES: tuple[EmissionLine, ...] = (
    EmissionLine("OII3727", 3727.09, r"[O II] 3727"),
    EmissionLine("OII3730", 3729.88, r"[O II] 3730"),
    EmissionLine("NeIII3870", 3869.86, r"[Ne III] 3870"),
    EmissionLine("H8", 3890.17, r"H8"),
    EmissionLine("NeIII3969", 3968.59, r"[Ne III] 3969"),
    EmissionLine("Hepsilon", 3971.20, r"H$\epsilon$"),
    EmissionLine("Hdelta", 4102.89, r"H$\delta$"),
    EmissionLine("Hgamma", 4341.68, r"H$\gamma$"),
    EmissionLine("OIII4364", 4364.44, r"[O III] 4364"),
    EmissionLine("HeII4687", 4687.02, r"He II 4687"),
    EmissionLine("Hbeta", 4862.68, r"H$\beta$"),
    EmissionLine("OIII4960", 4960.30, r"[O III] 4960"),
    EmissionLine("OIII5008", 5008.24, r"[O III] 5008"),
    EmissionLine("NI5202", 5201.71, r"[N I] 5202"),
    EmissionLine("HeI5877", 5877.29, r"He I 5877"),
    EmissionLine("OI6302", 6302.05, r"[O I] 6302"),
    EmissionLine("OI6366", 6365.54, r"[O I] 6366"),
    EmissionLine("NII6550", 6549.85, r"[N II] 6550"),
    EmissionLine("Halpha", 6564.61, r"H$\alpha$"),
    EmissionLine("NII6585", 6585.28, r"[N II] 6585"),
    EmissionLine("HeI6680", 6679.99, r"He I 6680"),
    EmissionLine("SII6718", 6718.29, r"[S II] 6718"),
    EmissionLine("SII6733", 6732.67, r"[S II] 6733"),
    EmissionLine("ArIII7138", 7137.76, r"[Ar III] 7138"),
    EmissionLine("SIII9071", 9071.11, r"[S III] 9071"),
)

LINE_NAMES: tuple[str, ...] = tuple(line.name for line in EMISSION_LINES)
"""Names in the order of `EMISSION_LINES`."""


def get_line(name: str) -> EmissionLine:
    """Line of a name, whatever its case; an unknown one raises InputError with the choices."""
    for line in EMISSION_LINES:
        if line.name.lower() == name.lower():
            return line
    raise InputError(f"unknown emission line {name!r}; choose one of {list(LINE_NAMES)}")
