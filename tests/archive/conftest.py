"""Mocks of fake galaxies, which take no time."""

from __future__ import annotations

import pytest
from archive_fakes import FakeFraming, FakeSource, fake_observe

from picassso.archive import mock, mocks


@pytest.fixture
def fake(monkeypatch):
    """Fake galaxies; returns a function that makes a mock of them."""
    monkeypatch.setattr("picassso.archive.render.observe", fake_observe)
    monkeypatch.setattr(mocks, "_framing", lambda *args, **kwargs: FakeFraming())
    monkeypatch.setattr(mocks, "draw_contact_sheet", lambda store: None)
    monkeypatch.setattr(mocks, "draw_spectra_sheet", lambda store: None)

    def make(output, *, source=None, **options):
        source = source or FakeSource(12)
        monkeypatch.setattr(mocks, "_source", lambda *args, **kwargs: source)
        options = {"pixels": 16, "views": 2, "workers": 1, "progress": False} | options
        return mock(synthetic=len(source), output=output, **options)

    return make
