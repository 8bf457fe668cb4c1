"""The physical properties that PICASSSO paints: names, units and floors.

Every painted property is a projected surface density, so that rebinning, apertures and totals
are plain sums. Ratios of them (age, metallicity, ...) and excesses (atomic hydrogen) are derived,
never painted.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "DEPLETION_TIME",
    "DERIVED",
    "EXCESSES",
    "PROPERTIES",
    "PROPERTY_NAMES",
    "DerivedProperty",
    "Excess",
    "Property",
]


@dataclass(frozen=True, slots=True)
class Property:
    """An additive property.

    Parameters
    ----------
    name : str
        Name as used in files, tables and code.
    unit : str
        Unit of the map in FITS standard form.
    total_unit : str
        Unit of its sum over area.
    floor : float
        Surface density below which a value carries no information, in `unit`.
    total_floor : float
        Total below which a galaxy counts as a non-detection, in `total_unit`.
    label : str
        Label for figures (mathtext).
    """

    name: str
    unit: str
    total_unit: str
    floor: float
    total_floor: float
    label: str


@dataclass(frozen=True, slots=True)
class DerivedProperty:
    """A ratio of two additive properties: ``scale * numerator / denominator``."""

    name: str
    unit: str
    numerator: str
    denominator: str
    scale: float
    label: str


@dataclass(frozen=True, slots=True)
class Excess:
    """A surface density beyond a multiple of another: ``max(whole - scale * part, 0)``."""

    name: str
    unit: str
    total_unit: str
    whole: str
    part: str
    scale: float
    label: str


# Floors follow the depth of SDSS imaging: mu_r = 25 mag/arcsec^2 is about 3e6 Msun/kpc^2 of
# stars, and the floor lies 3 to 4 magnitudes below it; gas floors are those of deep 21 cm maps.
PROPERTIES: dict[str, Property] = {
    p.name: p
    for p in (
        Property("stellar_mass", "solMass kpc-2", "solMass", 1e5, 1e8, r"$\Sigma_\star$"),
        Property("stellar_metal_mass", "solMass kpc-2", "solMass", 1e3, 1e6, r"$\Sigma_{Z,\star}$"),
        Property(
            "stellar_age_mass",
            "Gyr solMass kpc-2",
            "Gyr solMass",
            3e5,
            3e8,
            r"$\Sigma_{\mathrm{age},\star}$",
        ),
        Property(
            "star_formation_rate",
            "solMass yr-1 kpc-2",
            "solMass yr-1",
            1e-5,
            1e-2,
            r"$\Sigma_\mathrm{SFR}$",
        ),
        Property("gas_mass", "solMass kpc-2", "solMass", 1e5, 1e8, r"$\Sigma_\mathrm{gas}$"),
        Property(
            "gas_metal_mass", "solMass kpc-2", "solMass", 1e3, 1e6, r"$\Sigma_{Z,\mathrm{gas}}$"
        ),
        Property("hi_mass", "solMass kpc-2", "solMass", 1e5, 1e8, r"$\Sigma_{\mathrm{HI+H_2}}$"),
    )
}

PROPERTY_NAMES: tuple[str, ...] = tuple(PROPERTIES)

DERIVED: dict[str, DerivedProperty] = {
    d.name: d
    for d in (
        DerivedProperty("stellar_age", "Gyr", "stellar_age_mass", "stellar_mass", 1.0, "age"),
        DerivedProperty(
            "stellar_metallicity", "", "stellar_metal_mass", "stellar_mass", 1.0, r"$Z_\star$"
        ),
        DerivedProperty(
            "gas_metallicity", "", "gas_metal_mass", "gas_mass", 1.0, r"$Z_\mathrm{gas}$"
        ),
        DerivedProperty(
            "specific_star_formation_rate",
            "yr-1",
            "star_formation_rate",
            "stellar_mass",
            1.0,
            "sSFR",
        ),
        DerivedProperty(
            "gas_fraction", "", "gas_mass", "stellar_mass", 1.0, r"$M_\mathrm{gas}/M_\star$"
        ),
    )
}

DEPLETION_TIME = 2.0e9 / 1.36
"""Years in which star formation would use up the molecular hydrogen: Bigiel et al. (2008, AJ 136,
2846), Sigma_SFR proportional to Sigma_H2^(1.0 +- 0.2), scatter 0.2 dex.

Their mean of 2 Gyr is taken to count helium (a factor 1.36), as the 1.9 Gyr of Leroy et al. (2008,
AJ 136, 2782) does; what is left for hydrogen alone lies between it and the 1.2 Gyr of their power
law, which counts none: log Sigma_SFR [Msun/yr/kpc^2] = -2.06 + 0.96 log(Sigma_H2 / (10 Msun/pc^2)).
"""

EXCESSES: dict[str, Excess] = {
    e.name: e
    for e in (
        Excess(
            "atomic_hi_mass",
            "solMass kpc-2",
            "solMass",
            "hi_mass",
            "star_formation_rate",
            DEPLETION_TIME,
            r"$\Sigma_{\mathrm{HI}}$",
        ),
    )
}
"""Atomic hydrogen: the neutral less the molecular that the star formation calls for.

An estimate: too low in starbursts, whose molecular gas lasts shorter, and uncertain in dwarfs, in
early types, and below a kpc, where young stars and molecular clouds part.
"""
