"""The base install paints without torch, and importing stays light."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import picassso

ROOT = Path(__file__).parents[1]
PACKAGE = Path(picassso.__file__).parent
HEAVY = ("torch", "matplotlib", "dask", "numba", "zarr", "onnxruntime", "astropy.io.fits")
# What pip says when it reaches no package index at all.
UNREACHABLE = ("connection", "name resolution", "network is unreachable", "proxy")


@pytest.mark.parametrize(
    "module", ["picassso", "picassso.core", "picassso.figures", "picassso.cli", "picassso.archive"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = run(sys.executable, "-c", code)
    assert done.stdout.split() == []


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, picassso.cli\n"
        "sys.argv = ['picassso', '--help']\n"
        "try:\n    picassso.cli.main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', *[m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert run(sys.executable, "-c", code).stdout.splitlines()[-1].strip() == "loaded:"


@pytest.mark.slow
def test_clean_base_install_paints_without_torch(tmp_path: Path) -> None:
    galaxy = PACKAGE / "painting" / "demo" / "galaxy.fits"
    python = clean_install(tmp_path / "venv")
    installed = run(python, "-m", "pip", "freeze").stdout.split()
    listed = {line.split("==")[0].lower() for line in installed}
    assert "torch" not in listed and "accelerate" not in listed
    where = run(python, "-c", "import picassso; print(picassso.__file__)", cwd=tmp_path).stdout
    assert Path(where.strip()).is_relative_to(tmp_path)
    copy = tmp_path / "galaxy.fits"
    copy.write_bytes(galaxy.read_bytes())
    command = python.with_name("picassso")
    done = run(command, "paint", copy, "-o", tmp_path / "painted", cwd=tmp_path)
    assert "stellar mass" in done.stdout
    written = sorted(p.name for p in (tmp_path / "painted").iterdir())
    assert written == ["galaxy_maps.fits", "galaxy_maps.png"]
    script = (
        "import sys, picassso\n"
        f"maps = picassso.paint({str(copy)!r})\n"
        "assert maps['stellar_mass'].shape and maps.totals\n"
        "assert 'torch' not in sys.modules"
    )
    run(python, "-c", script, cwd=tmp_path)


def clean_install(folder: Path) -> Path:
    """Python of a new environment that holds the base install alone, not editable."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr.lower() for word in UNREACHABLE):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return python


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed, away from this environment's PYTHONPATH."""
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(c) for c in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=surroundings,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
