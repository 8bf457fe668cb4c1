"""Spectra of every format: what is read is what is there, and what is written comes back."""

from __future__ import annotations

import bz2
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from spectrum_fakes import FLUX_UNIT, columns, spectrum, write_ecsv, write_manga, write_sdss

from picassso.archive import read_spectra, read_spectrum, write_spectrum
from picassso.core import InputError, Spectrum, get_line, vacuum_to_air

MANGA = Path("manga_spectra") / "MaNGA_test_spectra.fits.gz"
SDSS = {
    "NGC3522_SDSS_DR18": 0.00401801,
    "spec-0266-51630-0168": 0.06740563,
    "spec-0266-51630-0367": 0.06182272,
    "spec-0266-51630-0486": 0.14134216,
    "spec-0267-51608-0413": 0.09404112,
    "spec-0268-51633-0223": 0.08721134,
}
SIZES = st.integers(2, 30)


def same(one: Spectrum, other: Spectrum) -> bool:
    """Whether two spectra are equal bit by bit, NaN and all."""
    same_arrays = all(
        getattr(one, name).dtype == getattr(other, name).dtype
        and np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "mask")
        for name in ("wavelength", "flux", "inverse_variance", "mask")
    )
    about = ("medium", "redshift", "galaxy_id", "flags")
    return (
        same_arrays
        and all(getattr(one, name) == getattr(other, name) for name in about)
        and np.array_equal(one.resolution, other.resolution, equal_nan=True)
    )


def line_velocities(found: Spectrum, *, air: bool) -> list[float]:
    """Offsets [km/s] of strong red lines from the redshift, if wavelengths were in air or not."""
    rest = found.wavelength / (1 + found.redshift)
    velocities = []
    for name in ("Halpha", "NII6585", "SII6718"):
        line = get_line(name).wavelength
        near, beside = abs(rest - line) < 8, abs(abs(rest - line) - 37) < 12
        flux = found.flux - np.median(found.flux[beside])
        noise = np.sqrt(np.sum(1 / found.inverse_variance[near]))
        if found.usable[near].all() and flux[near].sum() > 15 * noise:
            centre = np.sum((rest * flux)[near]) / flux[near].sum()
            expected = float(vacuum_to_air(line)) if air else line
            velocities.append((centre / expected - 1) * 299792.458)
    return velocities


@pytest.mark.parametrize("name", SDSS)
def test_real_sdss(data_dir: Path, name: str) -> None:
    path = data_dir / "sdss_spectra" / f"{name}.fits"
    found = read_spectrum(path)
    assert found.galaxy_id == name and found.medium == "vacuum" and found.flags == ()
    assert found.redshift == pytest.approx(SDSS[name], abs=1e-7)
    assert 1900 < found.resolution < 2200  # 1800 to 2200 (York et al. 2000)
    with fits.open(path) as hdus:
        raw, header = hdus["COADD"].data, hdus[0].header
        good = raw["ivar"] > 0
        assert np.array_equal(found.flux, raw["flux"])
        assert np.array_equal(found.inverse_variance[good], raw["ivar"][good])
        assert np.array_equal(found.mask, (raw["and_mask"] != 0) | ~good)
        first = np.log10(found.wavelength[0] / 10 ** header["COEFF0"]) / header["COEFF1"]
    # The grid itself, not what single precision leaves of it.
    assert np.diff(np.log10(found.wavelength)) == pytest.approx(1e-4, abs=1e-12)
    assert first == pytest.approx(round(first), abs=1e-6)
    assert (found.usable == ~found.mask).all() and found.usable.mean() > 0.95


def test_real_manga(data_dir: Path) -> None:
    found = read_spectra(data_dir / MANGA)
    with fits.open(data_dir / MANGA) as hdus:
        raw = {hdu.name: hdu.data for hdu in hdus[1:]}
    assert [s.redshift for s in found] == list(raw["Z"])
    assert [s.galaxy_id for s in found] == [f"MaNGA_test_spectra_{i}" for i in range(8)]
    for i, one in enumerate(found):
        assert np.array_equal(one.wavelength, raw["WAVE"]) and one.medium == "vacuum"
        assert np.array_equal(one.flux, raw["FLUX"][i])
        assert np.array_equal(one.mask, (raw["MASK"][i] != 0) | (raw["IVAR"][i] <= 0))
        assert 1700 < one.resolution < 2200 and "units_assumed" in one.flags
        assert ("no_valid_pixels" in one.flags) == (i == 5)
        assert one.usable.any() == (i != 5)
    assert same(read_spectrum(data_dir / MANGA, row=4), found[4])
    assert np.diff(np.log10(found[0].wavelength)) == pytest.approx(1e-4, abs=1e-12)


def test_lines_of_real_spectra_lie_where_vacuum_has_them(data_dir: Path) -> None:
    for source in (data_dir / MANGA, data_dir / "sdss_spectra" / "spec-0266-51630-0168.fits"):
        found = [s for s in read_spectra(source) if s.usable.any()]
        vacuum = np.concatenate([line_velocities(s, air=False) for s in found])
        air = np.concatenate([line_velocities(s, air=True) for s in found])
        assert len(vacuum) >= 2
        assert abs(np.median(vacuum)) < 20 and np.median(air) > 60  # km/s; a pixel is 69


def test_the_name_of_a_file_says_nothing(data_dir: Path, tmp_path: Path) -> None:
    manga, sdss = tmp_path / "plain.ecsv", tmp_path / "spec.h5"
    shutil.copy(data_dir / MANGA, manga)
    sdss.write_bytes(bz2.compress(write_sdss(tmp_path / "a").read_bytes()))
    assert len(read_spectra(manga)) == 8 and len(read_spectra(sdss)) == 1
    table = write_ecsv(tmp_path / "a.ecsv").read_bytes()
    (tmp_path / "table.fits").write_bytes(gzip.compress(table))
    assert same(
        read_spectrum(tmp_path / "table.fits"),
        read_spectrum(shutil.copy(tmp_path / "a.ecsv", tmp_path / "table.ecsv")),
    )


def test_a_given_redshift_goes_over_that_of_the_file(tmp_path: Path) -> None:
    path = write_sdss(tmp_path / "spec.fits", zwarning=4)
    assert read_spectrum(path).flags == ("redshift_warning",)
    given = read_spectrum(path, redshift=0.2)
    assert given.redshift == 0.2 and given.flags == ()
    rows = write_manga(tmp_path / "m.fits")
    assert [s.redshift for s in read_spectra(rows, redshift=[0.1, 0.0, 0.3])] == [0.1, 0.0, 0.3]
    assert {s.redshift for s in read_spectra(rows, redshift=0.4)} == {0.4}


def test_layouts_of_sdss(tmp_path: Path) -> None:
    """SDSS-V writes names in capitals; what says how flux was calibrated is no fault."""
    mask = np.zeros(50, np.int32)
    mask[3], mask[4], mask[5] = 1 << 23, 1 << 11, 1 << 24
    found = read_spectrum(write_sdss(tmp_path / "a.fits", and_mask=mask))
    capitals = read_spectrum(write_sdss(tmp_path / "b.fits", and_mask=mask, capitals=True))
    assert list(np.flatnonzero(found.mask)) == [3] == list(np.flatnonzero(capitals.mask))
    bare = read_spectrum(write_sdss(tmp_path / "c.fits", bunit=None))
    assert bare.flags == ("units_assumed",) and np.array_equal(bare.flux, found.flux)
    scaled = read_spectrum(write_sdss(tmp_path / "d.fits", bunit="1E-16 erg/cm^2/s/Ang"))
    assert scaled.flux == pytest.approx(10 * found.flux)
    assert scaled.inverse_variance == pytest.approx(found.inverse_variance / 100)


def test_pixels_that_are_not_known_are_masked(tmp_path: Path) -> None:
    flux, ivar = np.ones((3, 50), np.float32), np.ones((3, 50), np.float32)
    flux[0, 4], flux[1], ivar[2, :5] = np.nan, np.nan, [0, -1, np.nan, np.inf, 1]
    some, none, weights = read_spectra(write_manga(tmp_path / "m.fits", flux=flux, ivar=ivar))
    assert some.flags == ("units_assumed", "nan_pixels") and some.mask.sum() == 1
    assert some.flux[4] == 0 and some.inverse_variance[4] == 0
    assert none.flags == ("units_assumed", "nan_pixels", "no_valid_pixels") and none.mask.all()
    assert list(weights.mask[:5]) == [True] * 4 + [False]
    for one in (some, none, weights):
        assert (one.usable == ~one.mask).all() and np.isfinite(one.inverse_variance).all()


def test_masked_cells_of_a_table_are_unknown(tmp_path: Path) -> None:
    table = Table(columns(), masked=True)
    table["flux"].mask[7] = True
    found = read_spectrum(write_ecsv(tmp_path / "t.ecsv", table=table))
    assert list(np.flatnonzero(found.mask)) == [7] and "nan_pixels" in found.flags


def test_decreasing_wavelengths_are_turned_round(tmp_path: Path) -> None:
    up = read_spectrum(write_ecsv(tmp_path / "s.ecsv"))
    turned = {name: column[::-1] for name, column in columns().items()}
    down = read_spectrum(write_ecsv(tmp_path / "down" / "s.ecsv", table=QTable(turned)))
    assert same(up, down)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        ("erg / (s cm2 Angstrom)", 1e-17),
        ("erg / (s cm2 nm)", 1e-16),
        ("W / (m2 um)", 1e-16),
        ("1e-17 erg / (s cm2 Angstrom)", 1.0),
    ],
)
def test_flux_per_wavelength(tmp_path: Path, unit: str, scale: float) -> None:
    expected = read_spectrum(write_ecsv(tmp_path / "s.ecsv"))
    table = columns()
    table["flux"] = table["flux"].value * scale * u.Unit(unit)
    table["ivar"] = table["ivar"].value * scale**-2 * u.Unit(unit) ** -2
    found = read_spectrum(write_ecsv(tmp_path / "other" / "s.ecsv", table=QTable(table)))
    assert found.flux == pytest.approx(expected.flux, rel=1e-6)
    assert found.inverse_variance == pytest.approx(expected.inverse_variance, rel=1e-6)


def test_flux_per_frequency_against_the_definition(tmp_path: Path) -> None:
    """F_lambda = c F_nu / lambda^2; 1 mJy at 4000 A is 1.874e-15 erg/s/cm2/A."""
    table = columns()
    one = np.ones(50)
    table["flux"], table["ivar"] = one * u.mJy, one * 16 / u.mJy**2
    found = read_spectrum(write_ecsv(tmp_path / "s.ecsv", table=QTable(table)))
    expected = 1e-26 * 2.99792458e18 / found.wavelength**2 / 1e-17
    assert found.flux == pytest.approx(expected, rel=1e-6)
    assert found.flux * np.sqrt(found.inverse_variance) == pytest.approx(4 * one, rel=1e-6)
    assert np.interp(4000, found.wavelength, found.flux) == pytest.approx(187.4, rel=1e-3)


@pytest.mark.parametrize("unit", ["nm", "um", "THz", "eV", "1/cm"])
def test_axes_of_other_units(tmp_path: Path, unit: str) -> None:
    expected = read_spectrum(write_ecsv(tmp_path / "s.ecsv"))
    table = columns()
    table["wavelength"] = table["wavelength"].to(unit, equivalencies=u.spectral())
    found = read_spectrum(write_ecsv(tmp_path / "other" / "s.ecsv", table=QTable(table)))
    assert found.wavelength == pytest.approx(expected.wavelength, rel=1e-12)
    assert np.array_equal(found.flux, expected.flux)


@pytest.mark.parametrize(("name", "power"), [("std", 1), ("variance", 2), ("uncertainty", -2)])
def test_the_unit_tells_the_kind_of_errors(tmp_path: Path, name: str, power: int) -> None:
    table = columns()
    ivar = table.pop("ivar")
    table[name] = ivar.value ** (-power / 2) * FLUX_UNIT**power
    found = read_spectrum(write_ecsv(tmp_path / "s.ecsv", table=QTable(table)))
    assert found.inverse_variance == pytest.approx(ivar.value, rel=1e-6)


def test_errors_of_nothing_are_masked(tmp_path: Path) -> None:
    table = columns()
    table["std"] = np.ones(50) * FLUX_UNIT
    table["std"][:3] = [0, -1, np.inf] * FLUX_UNIT
    del table["ivar"]
    found = read_spectrum(write_ecsv(tmp_path / "s.ecsv", table=QTable(table)))
    assert list(found.mask[:4]) == [True, True, True, False]


@pytest.mark.parametrize(
    ("meta", "medium", "flags"),
    [
        ({"medium": "air"}, "air", ()),
        ({"AIRORVAC": "vac"}, "vacuum", ()),
        ({"VACUUM": False}, "air", ()),
        ({"header": {"MEDIUM": "air"}}, "air", ()),
        ({}, "vacuum", ("medium_assumed_vacuum",)),
    ],
)
def test_medium(tmp_path: Path, meta: dict, medium: str, flags: tuple[str, ...]) -> None:
    meta = {"redshift": 0.1, "resolution": 2000.0, **meta}
    found = read_spectrum(write_ecsv(tmp_path / "s.ecsv", meta=meta))
    assert found.medium == medium and found.flags == flags


def test_table_as_specutils_writes_it(tmp_path: Path) -> None:
    """Layout of its writer ``tabular-fits``: std and mask, the header in the primary HDU."""
    own = columns()
    std = own["ivar"] ** -0.5
    table = QTable(
        [own["wavelength"].to("nm"), own["flux"].to("W / (m2 um)"), std.to("W / (m2 um)")],
        names=["wavelength", "flux", "uncertainty"],
    )
    table["mask"] = np.arange(50) == 9
    primary = fits.PrimaryHDU()
    primary.header["REDSHIFT"], primary.header["OBJECT"] = 0.25, "NGC 1"
    path = tmp_path / "s.fits"
    fits.HDUList([primary, fits.BinTableHDU(table, name="DATA")]).writeto(path)
    found = read_spectrum(path)
    assert found.redshift == 0.25 and found.galaxy_id == "NGC 1"
    assert found.flags == ("medium_assumed_vacuum", "resolution_unknown")
    assert list(np.flatnonzero(found.mask)) == [9] and np.isnan(found.resolution)
    assert found.flux == pytest.approx(own["flux"].value, rel=1e-6)
    assert found.inverse_variance == pytest.approx(own["ivar"].value, rel=1e-6)
    assert found.wavelength == pytest.approx(own["wavelength"].value, rel=1e-12)


@st.composite
def any_spectrum(draw) -> Spectrum:
    number = draw(SIZES)
    steps = draw(arrays.arrays(np.float64, number, elements=st.floats(1e-3, 1e3)))
    single = st.floats(width=32, allow_subnormal=True)
    text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=90)
    return Spectrum(
        wavelength=1000.0 + np.cumsum(steps),
        medium=draw(st.sampled_from(["vacuum", "air"])),
        flux=draw(arrays.arrays(np.float32, number, elements=single)),
        inverse_variance=draw(arrays.arrays(np.float32, number, elements=single)),
        mask=draw(arrays.arrays(bool, number)),
        redshift=draw(st.floats(0, 20)),
        resolution=draw(st.one_of(st.just(np.nan), st.floats(1e-3, 1e7))),
        galaxy_id=draw(text),
        flags=tuple(draw(st.lists(st.from_regex(r"[a-z_]{1,30}", fullmatch=True), max_size=6))),
    )


@pytest.mark.parametrize("suffix", ["fits", "fits.gz", "ecsv"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=any_spectrum())
def test_what_is_written_comes_back_bit_by_bit(tmp_path: Path, suffix: str, one: Spectrum) -> None:
    path = tmp_path / f"one.{suffix}"
    write_spectrum(one, path, overwrite=True)
    assert same(read_spectrum(path), one)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["fits", "ecsv"])
@pytest.mark.parametrize("name", ["\n", "a\nb ", "Ångström's", "\\N"])
def test_names_of_any_letters_come_back(tmp_path: Path, suffix: str, name: str) -> None:
    one = spectrum(galaxy_id=name)
    write_spectrum(one, tmp_path / f"one.{suffix}")
    assert same(read_spectrum(tmp_path / f"one.{suffix}"), one)


def test_names_that_were_typed_in_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "one.ecsv"
    write_spectrum(spectrum(galaxy_id="Angstrom"), path)
    path.write_text(path.read_text().replace("Angstrom}", "Ångström}", 1), encoding="utf-8")
    assert read_spectrum(path).galaxy_id == "Ångström"


def test_real_spectra_come_back(data_dir: Path, tmp_path: Path) -> None:
    for i, one in enumerate(read_spectra(data_dir / MANGA)):
        for suffix in ("fits", "ecsv"):
            path = tmp_path / f"{i}.{suffix}"
            write_spectrum(one, path)
            assert same(read_spectrum(path), one)


def test_written_units_and_medium_are_plain_to_others(tmp_path: Path) -> None:
    one = spectrum(medium="air")
    for name in ("s.fits", "s.ecsv"):
        write_spectrum(one, tmp_path / name)
    table = QTable.read(tmp_path / "s.fits", hdu=1)
    assert table["WAVELENGTH"].unit == u.AA
    assert table["FLUX"].unit == FLUX_UNIT and table["IVAR"].unit == FLUX_UNIT**-2
    header = fits.getheader(tmp_path / "s.fits", 1)
    assert header["TCTYP1"] == "AWAV" and header["REDSHIFT"] == one.redshift
    ecsv = QTable.read(tmp_path / "s.ecsv")
    assert ecsv["flux"].unit == FLUX_UNIT and ecsv.meta["medium"] == "air"


def test_writing_does_not_replace_unasked(tmp_path: Path) -> None:
    path = tmp_path / "s.fits"
    write_spectrum(spectrum(), path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        write_spectrum(spectrum(redshift=0.5), path)
    assert path.read_bytes() == before
    write_spectrum(spectrum(), path, overwrite=True)
    assert path.read_bytes() == before  # no time of writing inside
    with pytest.raises(InputError, match=r"s\.txt: expected a name that ends in \.fits"):
        write_spectrum(spectrum(), tmp_path / "s.txt")
    with pytest.raises(InputError, match="no such folder"):
        write_spectrum(spectrum(), tmp_path / "none" / "s.fits")
    assert [p.name for p in tmp_path.iterdir()] == ["s.fits"]
