"""The paper's numbers are of properties and arms that are known here."""

from __future__ import annotations

import numpy as np

from picassso.core import PROPERTIES
from picassso.report.published import FIDUCIAL, PUBLISHED


def test_every_run_has_numbers_of_known_properties() -> None:
    for run in PUBLISHED:
        assert len(run.totals) >= 6 and set(run.totals) <= set(PROPERTIES), run
        assert all(np.isfinite((s.mu, s.sigma)).all() and s.sigma > 0 for s in run.totals.values())
    arms = [(run.study, run.arm) for run in PUBLISHED]
    assert len(set(arms)) == len(arms)


def test_the_fiducial_network_is_the_same_in_every_study() -> None:
    names = {"bands": "ugriz", "resolution": "256 px", "samples": "17,637"}
    for study, arm in names.items():
        (run,) = (r for r in PUBLISHED if (r.study, r.arm) == (study, arm))
        for name, score in run.totals.items():
            assert score == FIDUCIAL.totals[name]
