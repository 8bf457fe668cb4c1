"""Run a mock of fake galaxies, slowly, until somebody kills it. Arguments: store, seconds."""

from __future__ import annotations

import sys
import time

from archive_fakes import FakeFraming, FakeSource, fake_observe

from picassso.archive import mocks, render


def slow_observe(*args, **kwargs):
    time.sleep(float(sys.argv[2]))
    return fake_observe(*args, **kwargs)


render.observe = slow_observe
mocks._source = lambda *args, **kwargs: FakeSource(12)
mocks._framing = lambda *args, **kwargs: FakeFraming()
mocks.draw_contact_sheet = lambda store: None
mocks.mock(synthetic=12, output=sys.argv[1], pixels=16, views=2, workers=1, progress=False)
