"""The paper's numbers are of properties and arms that are known here."""

from __future__ import annotations

import numpy as np

from picassso.core import PROPERTIES
from picassso.report.published import BUCK_WOLF_2021, BUCK_WOLF_2021_STUDIES


def test_every_run_has_numbers_of_known_properties() -> None:
    for run in BUCK_WOLF_2021_STUDIES:
        assert len(run.scores) >= 6 and set(run.scores) <= set(PROPERTIES), run
        assert all(
            np.isfinite((s.mean_bias, s.sigma)).all() and s.sigma > 0 for s in run.scores.values()
        )
    arms = [(run.study, run.arm) for run in BUCK_WOLF_2021_STUDIES]
    assert len(set(arms)) == len(arms)


def test_the_fiducial_network_is_the_same_in_every_study() -> None:
    names = {"bands": "ugriz", "resolution": "256 px", "samples": "17,637"}
    for study, arm in names.items():
        (run,) = (r for r in BUCK_WOLF_2021_STUDIES if (r.study, r.arm) == (study, arm))
        assert run.scores == BUCK_WOLF_2021.scores
