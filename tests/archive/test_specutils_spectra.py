"""Spectra of specutils, to and fro, by a stand-in with the attributes of its Spectrum."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import (
    InverseVariance,
    NDData,
    StdDevUncertainty,
    UnknownUncertainty,
    VarianceUncertainty,
)
from spectrum_fakes import FLUX_UNIT, spectrum

from picassso.archive import from_specutils, to_specutils
from picassso.core import InputError, MissingExtraError

STAND_IN = '''
"""The part of specutils that is spoken to: its signature, attributes and checks."""
import numpy as np
from astropy.nddata import NDData


class {name}(NDData):
    def __init__(self, flux=None, spectral_axis=None, redshift=None, **kwargs):
        super().__init__(flux.value, unit=flux.unit, **kwargs)
        if len(spectral_axis) != len(flux) or not (np.diff(spectral_axis.value) > 0).all():
            raise ValueError("Spectral axis must be strictly increasing or decreasing.")
        self.spectral_axis, self.redshift = spectral_axis, 0.0 if redshift is None else redshift

    @property
    def flux(self):
        return self.data << self.unit
'''


class Spectrum1D(NDData):
    """As specutils keeps it: flux as data and unit, redshift 0 where nobody has set one."""

    def __init__(self, flux, spectral_axis, *, redshift=None, **kwargs) -> None:
        super().__init__(flux.value, unit=flux.unit, **kwargs)
        self.spectral_axis = spectral_axis
        self.redshift = (0.0 if redshift is None else redshift) * u.one

    @property
    def flux(self) -> u.Quantity:
        return self.data << self.unit


def one_of_specutils(**changed) -> Spectrum1D:
    one = spectrum()
    default = {
        "flux": one.flux * FLUX_UNIT,
        "spectral_axis": one.wavelength * u.AA,
        "uncertainty": InverseVariance(one.inverse_variance),
        "redshift": 0.1,
        "meta": {"resolution": 2000.0, "galaxy_id": "one", "medium": "vacuum"},
    }
    return Spectrum1D(**{**default, **changed})


def test_it_is_read_as_it_is() -> None:
    one, found = spectrum(), from_specutils(one_of_specutils())
    for name in ("wavelength", "flux", "inverse_variance", "mask"):
        assert np.array_equal(getattr(found, name), getattr(one, name)), name
    assert found.redshift == 0.1 and found.resolution == 2000 and found.galaxy_id == "one"
    assert found.medium == "vacuum" and found.flags == ()


@pytest.mark.parametrize(
    ("kind", "power"), [(StdDevUncertainty, 1), (VarianceUncertainty, 2), (InverseVariance, -2)]
)
@pytest.mark.parametrize("unit", [FLUX_UNIT, u.Unit("W / (m2 um)")])
def test_kinds_of_uncertainty(kind, power: int, unit) -> None:
    one = spectrum()
    values = one.inverse_variance.astype(float) ** (-power / 2)
    own = kind(values, unit=FLUX_UNIT**power)
    theirs = from_specutils(one_of_specutils(uncertainty=own))
    assert theirs.inverse_variance == pytest.approx(one.inverse_variance, rel=1e-6)
    scale = FLUX_UNIT.to(unit)
    scaled = one_of_specutils(flux=one.flux * scale * unit, uncertainty=kind(values * scale**power))
    assert from_specutils(scaled).flux == pytest.approx(one.flux, rel=1e-6)
    assert from_specutils(scaled).inverse_variance == pytest.approx(one.inverse_variance, rel=1e-6)


def test_frequencies_that_decrease_in_wavelength() -> None:
    one = spectrum()
    frequency = (one.wavelength * u.AA).to(u.THz, u.spectral())
    found = from_specutils(one_of_specutils(spectral_axis=frequency))
    assert found.wavelength == pytest.approx(one.wavelength, rel=1e-12)
    turned = one_of_specutils(
        spectral_axis=frequency[::-1],
        flux=one.flux[::-1] * FLUX_UNIT,
        uncertainty=InverseVariance(one.inverse_variance[::-1].copy()),
    )
    assert np.array_equal(from_specutils(turned).flux, one.flux)


def test_masks_redshifts_and_media() -> None:
    mask = np.zeros(50, np.int8)
    mask[4] = 2
    found = from_specutils(one_of_specutils(mask=mask, redshift=None), redshift=0.0, medium="air")
    assert list(np.flatnonzero(found.mask)) == [4]
    assert found.redshift == 0 and found.medium == "air"
    bare = one_of_specutils(redshift=None, meta={"header": {"Z": 0.3}})
    assert from_specutils(bare).redshift == 0.3
    assert from_specutils(bare).flags == ("medium_assumed_vacuum", "resolution_unknown")
    assert from_specutils(one_of_specutils(), redshift=0.2).redshift == 0.2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"uncertainty": None}, "no uncertainty; expected StdDev"),
        ({"uncertainty": UnknownUncertainty(np.ones(50))}, "of type 'unknown'"),
        ({"redshift": None}, "no redshift .*or 0.*redshift= in Python"),
        ({"redshift": -0.001}, "redshift -0.001"),
        ({"flux": np.ones((2, 50)) * FLUX_UNIT, "uncertainty": None}, r"shape \(2, 50\).*one axis"),
        ({"flux": np.ones(50) * u.ct}, "flux: unit 'ct'"),
        ({"spectral_axis": np.arange(50) * u.pix}, "axis: unit 'pix'; expected a length"),
    ],
)
def test_what_cannot_be_used(changed: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_specutils(one_of_specutils(**changed))


def test_something_else() -> None:
    with pytest.raises(InputError, match=r"ndarray: spectral_axis is no quantity.*specutils"):
        from_specutils(np.ones(3))
    with pytest.raises(InputError, match="flux is no quantity"):
        from_specutils(SimpleNamespace(spectral_axis=np.ones(3) * u.AA, flux=np.ones(3)))


@pytest.mark.parametrize("name", ["Spectrum", "Spectrum1D"])
def test_to_specutils_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Versions from 2 on call it Spectrum."""
    (tmp_path / "specutils.py").write_text(STAND_IN.format(name=name))
    monkeypatch.syspath_prepend(tmp_path)
    # Put there and taken away again, so that the import of the stand-in leaves nothing behind.
    monkeypatch.setitem(sys.modules, "specutils", None)
    del sys.modules["specutils"]
    mask = np.arange(50) == 3
    one = spectrum(medium="air", mask=mask, resolution=np.nan, flags=("nan_pixels",))
    made = to_specutils(one)
    assert type(made).__name__ == name and made.redshift == 0.1
    assert made.flux.unit == FLUX_UNIT and made.spectral_axis.unit == u.AA
    std = made.uncertainty.represent_as(StdDevUncertainty)
    assert std.array == pytest.approx(one.inverse_variance**-0.5)
    assert std.unit == FLUX_UNIT
    back = from_specutils(made)
    for field in ("wavelength", "flux", "inverse_variance", "mask"):
        assert np.array_equal(getattr(back, field), getattr(one, field)), field
    assert (back.medium, back.redshift, back.galaxy_id) == ("air", 0.1, "one")
    assert back.flags == ("nan_pixels", "resolution_unknown")
    at_rest = from_specutils(to_specutils(spectrum(redshift=0.0)))
    assert at_rest.redshift == 0


@pytest.mark.skipif(importlib.util.find_spec("specutils") is not None, reason="it is installed")
def test_without_specutils() -> None:
    with pytest.raises(MissingExtraError, match=r"specutils.*pip install"):
        to_specutils(spectrum())
