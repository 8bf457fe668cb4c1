"""`picassso evaluate` hands its options on and says where the report lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from picassso.cli.app import build_app


def test_options_are_handed_on_and_the_report_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: dict[str, object] = {}

    def evaluate(weights: Path | None, store: Path, **options: object) -> str:
        asked.update(options, weights=weights, store=store)
        return "found"

    def write_report(evaluation: object, folder: Path) -> Path:
        assert evaluation == "found"
        return folder / "report.html"

    monkeypatch.setattr("picassso.studies.evaluate", evaluate, raising=False)
    monkeypatch.setattr("picassso.report.write_report", write_report)
    command = ["evaluate", "w.onnx", "s.zarr", "-o", str(tmp_path), "--baselines", "3"]
    result = CliRunner().invoke(build_app(), [*command, "--examples", "2", "--limit", "9"])
    assert result.exit_code == 0, result.output
    assert "report.html" in result.output.replace("\n", "")
    assert asked["weights"] == Path("w.onnx") and asked["store"] == Path("s.zarr")
    assert (asked["baselines"], asked["examples"], asked["limit"]) == (3, 2, 9)
