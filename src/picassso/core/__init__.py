"""The vocabulary of PICASSSO: surveys, properties, and the objects that flow between rooms."""

from picassso.core.cosmology import DEFAULT_COSMOLOGY, Cosmology
from picassso.core.errors import InputError, MissingExtraError, PicasssoError, need
from picassso.core.files import folder_made_whole, output_folder, write_text, written_whole
from picassso.core.images import GalaxyImage
from picassso.core.machine import usable_cores
from picassso.core.maps import Maps, Total
from picassso.core.particles import (
    HYDROGEN_FRACTION,
    SOLAR_METALLICITY,
    Gas,
    Particles,
    Stars,
    half_mass_radius,
)
from picassso.core.properties import (
    DEPLETION_TIME,
    DERIVED,
    EXCESSES,
    PROPERTIES,
    PROPERTY_NAMES,
    DerivedProperty,
    Excess,
    Property,
)
from picassso.core.spectra import Spectrum
from picassso.core.surveys import (
    NANOMAGGY_ZERO_POINT,
    SDSS,
    SURVEYS,
    Survey,
    get_survey,
    reference_band,
)

__all__ = [
    "DEFAULT_COSMOLOGY",
    "DEPLETION_TIME",
    "DERIVED",
    "EXCESSES",
    "HYDROGEN_FRACTION",
    "NANOMAGGY_ZERO_POINT",
    "PROPERTIES",
    "PROPERTY_NAMES",
    "SDSS",
    "SOLAR_METALLICITY",
    "SURVEYS",
    "Cosmology",
    "DerivedProperty",
    "Excess",
    "Gas",
    "GalaxyImage",
    "InputError",
    "Maps",
    "MissingExtraError",
    "Particles",
    "PicasssoError",
    "Property",
    "Spectrum",
    "Stars",
    "Survey",
    "Total",
    "folder_made_whole",
    "get_survey",
    "half_mass_radius",
    "need",
    "output_folder",
    "reference_band",
    "usable_cores",
    "write_text",
    "written_whole",
]
