"""From the units of a snapshot to proper kpc, solar masses, km/s and Gyr."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from picassso.core import Cosmology, InputError
from picassso.universe.readers._files import ParticleTable, header_value

__all__ = ["KPC", "MSUN", "MSUN_PER_YEAR", "Snapshot", "read_snapshot", "simulation_name"]

# The values in which the simulations themselves define their units [cgs]: with any other solar
# mass, "1e10 Msun/h" would not come out as such.
KPC = 3.085678e21
MSUN = 1.989e33
KM_PER_SECOND = 1e5
MSUN_PER_YEAR = MSUN / 3.15576e7

# Attributes of a dataset that give its unit: cgs factor, exponents of a and of h. AREPO's
# names (Nelson et al. 2019, arXiv:1812.05609), then EAGLE's (arXiv:1706.09899).
_UNIT_ATTRIBUTES = (
    ("to_cgs", "a_scaling", "h_scaling"),
    ("CGSConversionFactor", "aexp-scale-exponent", "h-scale-exponent"),
)

# Cosmology of simulations that name themselves, for files whose header lacks it: h, Omega_m.
# Illustris and Magneticum: WMAP-7 (arXiv:1405.2921, arXiv:1308.6142); TNG: Planck 2015
# (arXiv:1812.05609); EAGLE: Planck 2013 (arXiv:1407.7040).
_COSMOLOGIES = {
    "illustris": (0.704, 0.2726),
    "tng": (0.6774, 0.3089),
    "eagle": (0.6777, 0.307),
    "magneticum": (0.704, 0.272),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """When and where: what the header of a snapshot says of all its galaxies.

    Parameters
    ----------
    path : Path
        File of the header.
    source : str
        Simulation: ``"illustris"``, ``"tng"``, ``"eagle"``, ``"magneticum"``, or ``"arepo"`` where
        the header names none.
    scale_factor : float
        Of the snapshot.
    cosmology : Cosmology
        Of the simulation.
    box_size : float or None
        Side of the periodic box, in the file's own length unit.
    length, mass, velocity : float
        Proper kpc, Msun and km/s in the file's units, for columns that carry no unit attributes.
    flags : tuple of str
        What had to be assumed.
    """

    path: Path
    source: str
    scale_factor: float
    cosmology: Cosmology
    box_size: float | None
    length: float
    mass: float
    velocity: float
    flags: tuple[str, ...]

    @property
    def redshift(self) -> float:
        """Redshift, never below 0."""
        return max(1.0 / self.scale_factor - 1.0, 0.0)

    def factor(self, table: ParticleTable, name: str, unit: float, default: float) -> float:
        """What to multiply a column by.

        Parameters
        ----------
        table, name
            The column.
        unit : float
            The unit wanted [cgs].
        default : float
            The factor where the column carries no unit attributes.
        """
        attributes = table.attributes(name)
        for cgs, a, h in _UNIT_ATTRIBUTES:
            if not all(key in attributes for key in (cgs, a, h)):
                continue
            to_cgs, a_power, h_power = (float(np.ravel(attributes[k])[0]) for k in (cgs, a, h))
            # AREPO writes 0 where a column has no unit.
            if to_cgs > 0:
                scaling = self.scale_factor**a_power * self.cosmology.h**h_power
                return to_cgs / unit * scaling
        return default

    def length_factor(self, table: ParticleTable) -> float:
        """Proper kpc in the unit of a table's Coordinates."""
        return self.factor(table, "Coordinates", KPC, self.length)

    def mass_factor(self, table: ParticleTable, name: str) -> float:
        """Msun in the unit of a column of masses."""
        return self.factor(table, name, MSUN, self.mass)

    def velocity_factor(self, table: ParticleTable, name: str) -> float:
        """km/s in the unit of a column of peculiar velocities."""
        return self.factor(table, name, KM_PER_SECOND, self.velocity)


def simulation_name(file: h5py.File) -> str:
    """Simulation that a header names, or an empty string."""
    name = " ".join(str(header_value(file, key) or "") for key in ("SimulationName", "RunLabel"))
    low = name.lower()
    for simulation in ("tng", "magneticum", "eagle", "illustris"):
        if simulation in low:
            return simulation
    # Illustris runs are called L75n1820FP and the like.
    return "illustris" if name.strip().startswith("L75n") and "FP" in name else ""


def read_snapshot(
    file: h5py.File, path: Path, *, length_unit: float, box_size: float | None, fallback: str
) -> Snapshot:
    """Read a header.

    Parameters
    ----------
    file, path
        Open file and its path.
    length_unit : float
        Length unit [cgs] of the layout, where the header names none (comoving, over h).
    box_size : float or None
        Overrides the header's, in the file's length unit.
    fallback : str
        Name of the source where the header names no simulation.

    Raises
    ------
    InputError
        Naming every attribute that is missing and can neither be derived nor known.
    """
    name = simulation_name(file)
    flags: list[str] = []
    a = _scale_factor(file)
    h = header_value(file, "HubbleParam")
    om0 = header_value(file, "Omega0", "OmegaMatter")
    ode0 = header_value(file, "OmegaLambda")
    if om0 is None and ode0 is not None:
        om0 = 1.0 - float(ode0)
    if (h is None or om0 is None) and name in _COSMOLOGIES:
        h, om0 = _COSMOLOGIES[name]
        flags.append("cosmology_assumed")
    missing = [
        text
        for text, value in (
            ("Time, ExpansionFactor or Redshift", a),
            ("HubbleParam", h),
            ("Omega0", om0),
        )
        if value is None
    ]
    if missing:
        raise InputError(
            f"{path}: the group Header lacks the attributes {'; '.join(missing)}; add them, for "
            f"instance h5py.File({path.name!r}, 'r+')['Header'].attrs['HubbleParam'] = 0.6774"
        )
    assert a is not None and h is not None and om0 is not None
    if not (0 < a <= 1.001 and 0.1 < float(h) < 2 and 0 < float(om0) < 1):
        raise InputError(
            f"{path}: the header says a = {a:g}, h = {float(h):g}, Omega_m = {float(om0):g}; "
            "expected a in (0, 1], h about 0.7 and Omega_m in (0, 1): correct the header"
        )
    if ode0 is not None and abs(float(om0) + float(ode0) - 1.0) > 2e-3:
        flags.append("flat_cosmology_assumed")
    box = box_size if box_size is not None else header_value(file, "BoxSize")
    units = [
        header_value(file, key)
        for key in ("UnitLength_in_cm", "UnitMass_in_g", "UnitVelocity_in_cm_per_s")
    ]
    length, mass, velocity = (
        float(u) if u else d
        for u, d in zip(units, (length_unit, 1e10 * MSUN, KM_PER_SECOND), strict=True)
    )
    h = float(h)
    return Snapshot(
        path=path,
        source=name or fallback,
        scale_factor=a,
        cosmology=Cosmology(h0=100.0 * h, om0=float(om0)),
        box_size=float(box) if box else None,
        length=length / KPC * a / h,
        mass=mass / MSUN / h,
        velocity=velocity / KM_PER_SECOND * a**0.5,
        flags=tuple(flags),
    )


def _scale_factor(file: h5py.File) -> float | None:
    """Scale factor of a snapshot; Time comes last, for EAGLE's holds the time in code units."""
    a = header_value(file, "ExpansionFactor", "Scale-factor")
    if a is not None:
        return float(a)
    redshift = header_value(file, "Redshift")
    if redshift is not None:
        return 1.0 / (1.0 + float(redshift))
    time = header_value(file, "Time")
    return None if time is None else float(time)
