"""The vocabulary of PICASSSO: surveys, properties, and the objects that flow between rooms."""

from picassso.core.cosmology import DEFAULT_COSMOLOGY, Cosmology
from picassso.core.errors import InputError, MissingExtraError, PicasssoError, need
from picassso.core.files import (
    check_target,
    folder_made_whole,
    output_folder,
    remove_partial_files,
    write_text,
    written_whole,
)
from picassso.core.images import GalaxyImage
from picassso.core.lines import EMISSION_LINES, LINE_NAMES, EmissionLine, get_line
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
from picassso.core.spectra import FIBRE_DIAMETER, NOISELESS, FibreLight, Spectrum
from picassso.core.surveys import (
    NANOMAGGY_ZERO_POINT,
    PANSTARRS,
    SDSS,
    SURVEYS,
    Survey,
    get_survey,
    reference_band,
)
from picassso.core.wavelengths import (
    FIBRE_GRID,
    LIGHT_SPEED,
    REST_GRID,
    air_to_vacuum,
    pixel_edges,
    vacuum_to_air,
)

__all__ = [
    "DEFAULT_COSMOLOGY",
    "DEPLETION_TIME",
    "DERIVED",
    "EMISSION_LINES",
    "EXCESSES",
    "FIBRE_DIAMETER",
    "FIBRE_GRID",
    "HYDROGEN_FRACTION",
    "LIGHT_SPEED",
    "LINE_NAMES",
    "NANOMAGGY_ZERO_POINT",
    "NOISELESS",
    "PANSTARRS",
    "PROPERTIES",
    "PROPERTY_NAMES",
    "REST_GRID",
    "SDSS",
    "SOLAR_METALLICITY",
    "SURVEYS",
    "Cosmology",
    "DerivedProperty",
    "EmissionLine",
    "Excess",
    "FibreLight",
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
    "air_to_vacuum",
    "check_target",
    "folder_made_whole",
    "get_line",
    "get_survey",
    "half_mass_radius",
    "need",
    "output_folder",
    "pixel_edges",
    "reference_band",
    "remove_partial_files",
    "usable_cores",
    "vacuum_to_air",
    "write_text",
    "written_whole",
]
