"""Conditions that are typed: what they mean, and that nothing else gets through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from picassso.analysis.spectra import EMISSION_CLASSES, INDICES, Condition
from picassso.analysis.spectra.expressions import Comparison, Every, Not, OneOf
from picassso.core import InputError

SAMPLES = {
    "EW_Halpha": np.array([40.0, 40.0, 10.0, np.nan, 10.0]),
    "log_NII_Ha": np.array([-0.1, -0.9, -0.1, -0.1, np.nan]),
    "D4000": np.array([1.2, 1.3, 1.4, 1.5, 1.6]),
    "class": np.array([2, 0, 1, 2, 4], dtype=np.int8),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EW(Halpha) > 30", "11000"),
        ("ew_halpha>30A", "11000"),
        ("EW(Halpha) > 3.0 nm", "11000"),
        ("30 Angstrom < EW(Halpha)", "11000"),
        ("not EW(Halpha) > 30", "00101"),  # what is not known fulfils neither
        ("EW(Halpha) > 30 and log_NII_Ha > -0.3", "10000"),
        ("EW(Halpha) > 30 and log_NII_Ha > -0.3 or class == 'Seyfert'", "10010"),
        ("EW(Halpha) > 30 and (log_NII_Ha > -0.3 or class == 'Seyfert')", "10000"),
        ("EW(Halpha) > 30 or D4000 > 1.45", "11011"),  # one true part is enough
        ("not (EW(Halpha) > 30 and D4000 > 1.45)", "11101"),
        ("1.25 < D4000 <= 1.5", "01110"),
        ("1.5 >= D4000 > 1.25", "01110"),
        ('class != "seyfert"', "01101"),
        ("NOT class == 'no_emission' AND D4000 != 1.4", "11010"),
        ("log_NII_Ha < -1e-1", "01000"),
    ],
)
def test_meaning(text: str, expected: str) -> None:
    condition = Condition.parse(text)
    np.testing.assert_array_equal(condition.holds(SAMPLES), [c == "1" for c in expected])


def test_classes_by_name_or_number() -> None:
    condition = Condition.parse("class == 'Seyfert' or class == 'LINER'")
    numbers = np.arange(5)
    names = np.array(EMISSION_CLASSES)
    np.testing.assert_array_equal(
        condition.holds({"class": numbers}), condition.holds({"class": names})
    )
    assert condition.holds({"class": names}).sum() == 2


def test_probability_is_the_part_of_the_samples() -> None:
    samples = {"D4000": np.array([[1.0, 1.2, 1.4, 1.6], [1.6, np.nan, 1.6, 1.6]])}
    found = Condition.parse("D4000 > 1.3").probability(samples)
    np.testing.assert_allclose(found, [0.5, 0.75])


def test_names_are_what_is_needed() -> None:
    text = "class == 'LINER' and EW(halpha) > 3 or 1 < ew_HALPHA < 2 and not D4000 > 1"
    assert Condition.parse(text).names == ("class", "EW_Halpha", "D4000")


def test_own_quantities() -> None:
    condition = Condition.parse("latent(2) > 0.5", units={"latent_2": ""})
    assert condition.holds({"latent_2": np.array([1.0])}).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found 'the end' at position 1, expected the name"),
        ("EW(Halpha)", "expected one of <, <="),
        ("EW(Halpha) > ", "found 'the end' at position 13, expected a number"),
        ("EW(Halpha) > 30 A B", "found 'B' at position 19, expected 'and'"),
        ("EW(Helpha) > 30", "unknown quantity 'EW_Helpha'; choose one of .*'EW_Halpha'"),
        ("D4000 > 3 A", "D4000 is in no unit; give the number alone"),
        ("EW(Halpha) > 30 parsec", "unknown unit 'parsec'"),
        ("(D4000 > 1", r"expected '\)'"),
        ("D4000 > 1 && D4000 < 2", "cannot read '&' at position 11"),
        ("class == 'Quasar'", "star-forming"),
        ("class > 'LINER'", "star-forming"),
        ("3 < class", "star-forming"),
        ("D4000 > 1e999", "too large"),
        ("__import__('os').system('ls') > 1", "cannot read '_'"),
        ("D4000.__class__ > 1", "found|cannot read"),
        ("(" * 100 + "D4000 > 1" + ")" * 100, "levels of brackets"),
    ],
)
def test_mistakes_are_explained(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Condition.parse(text)


def test_missing_samples_are_named() -> None:
    condition = Condition.parse("D4000 > 1 and Dn4000 > 1")
    with pytest.raises(InputError, match=r"needs \['Dn4000'\]"):
        condition.holds({"D4000": np.ones(3)})
    with pytest.raises(InputError, match="one shape"):
        condition.holds({"D4000": np.ones(3), "Dn4000": np.ones((3, 2))})


_comparisons = st.one_of(
    st.builds(
        Comparison,
        st.sampled_from(sorted(INDICES)),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.builds(
        Comparison,
        st.just("class"),
        st.sampled_from(["==", "!="]),
        st.sampled_from(EMISSION_CLASSES),
    ),
)


def _joined(parts: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, parts) | st.builds(Every, several) | st.builds(OneOf, several)


@given(st.recursive(_comparisons, _joined, max_leaves=8).map(Condition))
def test_round_trip(condition: Condition) -> None:
    assert Condition.parse(str(condition)) == condition


_junk = st.lists(
    st.sampled_from(
        ["EW(Halpha)", "D4000", "class", "'LINER'", ">", "<=", "==", "30", "-1e3", "A", "and", "or"]
        + ["not", "(", ")", "'", "==", "nm", "EW", "#", "é", "\n", "0x10", "1.2.3", "lambda"]
    ),
    max_size=12,
).map(" ".join)


@given(st.text(max_size=30) | _junk)
def test_junk_never_does_anything_but_explain(text: str) -> None:
    try:
        condition = Condition.parse(text)
    except InputError as error:
        assert str(error)
    else:
        assert Condition.parse(str(condition)) == condition


def test_units_are_said() -> None:
    said = str(Condition.parse("ew(halpha) > 3 nm and 1.25 < d4000 and log_NII_Ha < -0.5"))
    assert said == "(EW(Halpha) > 30 A) and (D4000 > 1.25) and (log_NII_Ha < -0.5)"
    assert str(Condition.parse("flux_Halpha > 1e3")) == "flux_Halpha > 1000"
