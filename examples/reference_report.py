"""Set everything that was measured beside the published numbers, in one page for the repository.

Reads folders that `picassso evaluate` and `picassso study` wrote, and the words that a person wrote
about them::

    picassso evaluate survey.zarr -o evaluations/survey --baselines 300
    picassso evaluate paper.zarr -o evaluations/paper --baselines 60
    picassso study bands small.zarr -o studies --config examples/studies.toml   # and the others
    python examples/reference_report.py --evaluation survey=evaluations/survey \\
        --evaluation paper=evaluations/paper --studies studies -o docs/reference

It writes ``README.md`` and small pictures, of measured numbers alone: a study that is not there is
listed as not run, an arm that claims nothing as provisional. Words come from
``examples/reference_notes.md``, where a part begins with ``<!-- NAME -->`` on a line of its own;
NAME is ``introduction``, ``differences``, ``limits``, ``evaluation NAME`` or ``study KIND``.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from measured import Evaluated, Line, Studied, read_csv
from reference_tables import write_tables
from tabular import markdown, write_text

from picassso.core import PROPERTIES, InputError, PicasssoError, written_whole
from picassso.figures import predicted_against_true, save_figure
from picassso.report.published import BUCK_WOLF_2021, BUCK_WOLF_2021_STUDIES, STUDY_CAVEATS

STUDIES = ("bands", "resolution", "samples", "ensemble", "morphology")
NOTES = Path(__file__).with_name("reference_notes.md")
LARGEST_PICTURE = 150_000  # bytes
MANY_COLOURS = 5_000

STATISTICS = {
    "linear_bias": "linear bias",
    "median_bias": "median bias",
    "sigma": "sigma",
    "robust_sigma": "robust sigma",
    "outlier_fraction": "outliers",
    "coverage": "coverage",
}


def read_notes(path: Path, known: Sequence[str]) -> dict[str, str]:
    """Hand-written parts by name; InputError for a name that no part of the page has."""
    try:
        pieces = re.split(r"^<!-- *(.+?) *-->\n", path.read_text(encoding="utf-8"), flags=re.M)
    except OSError as error:
        raise InputError(f"{path}: the notes cannot be read ({error.strerror})") from error
    notes = {k: v.strip() for k, v in zip(pieces[1::2], pieces[2::2], strict=True)}
    # Words about an evaluation that is not shown today may wait for another day.
    unknown = sorted(n for n in set(notes) - set(known) if not n.startswith("evaluation "))
    if unknown:
        raise InputError(f"{path}: parts {unknown} belong nowhere; choose from {sorted(known)}")
    return notes


def number(value: str, error: str = "", digits: int = 3) -> str:
    """A number as it is shown, with its error where there is one; a dash where it is not known."""
    if value in ("", "nan"):
        return "–"
    shown = f"{float(value):.{digits}f}"
    return shown if error in ("", "nan") else f"{shown} ± {float(error):.{digits}f}"


def evaluation_part(found: Evaluated, notes: str, folder: Path) -> Iterator[str]:
    """The page on one evaluation."""
    about = found.about
    yield f"## Evaluation: {found.name}"
    yield notes
    yield (
        f"Weights `{about['weights']}` ({about['weights_fingerprint']}) on the {about['split']} "
        f"split of `{about['store']}` ({str(about['store_fingerprint'])[:16]}): {about['views']} "
        f"views of {about['galaxies']} galaxies. log10(true / predicted) of totals inside two "
        "half-mass radii [dex], predictions not masked by the truth; errors are bootstraps over "
        "galaxies."
    )
    yield markdown(
        [
            {
                "property": row["property"],
                **{
                    words: number(row[name], row[f"{name}_error"])
                    for name, words in STATISTICS.items()
                },
                "views": row["used"],
            }
            for row in found.table
            if row["kind"] == "total"
        ]
    )
    picture = totals_picture(found, folder)
    yield f"![Predicted against true totals, {found.name}]({picture.name})"
    yield from paper_protocol_part(found)
    yield from methods_part(found)
    if rest := write_tables(found, folder, shrink=shrink):
        yield (
            f"Pixels, annuli, gradients, structure, relations, distributions, detections and where "
            f"it errs: [all tables of {found.name}]({rest.name})."
        )


def totals_picture(found: Evaluated, folder: Path) -> Path:
    """Predicted against true totals, drawn small."""
    rows = read_csv(found.folder / "totals.csv")
    names = [p for p in PROPERTIES if rows and f"true_{p}" in rows[0]]

    def columns(which: str) -> dict[str, np.ndarray]:
        return {p: np.array([float(row[f"{which}_{p}"]) for row in rows]) for p in names}

    name = f"totals_{found.name}.png"
    with TemporaryDirectory() as drawn:
        save_figure(predicted_against_true(columns("true"), columns("p50")), Path(drawn) / name)
        return shrink(Path(drawn) / name, folder / name)


def paper_protocol_part(found: Evaluated) -> Iterator[str]:
    """The same totals by the paper's protocol, beside its numbers."""
    lines = []
    for name, theirs in BUCK_WOLF_2021.scores.items():
        rows = found.chosen(protocol="paper", quantity="totals", property=name)
        ours = {r["statistic"]: number(r["value"], r["error"]) for r in rows}
        if ours.get("mean_bias", "–") != "–":
            lines.append(
                {
                    "property": name,
                    "mu": ours["mean_bias"],
                    "sigma": ours["sigma"],
                    "mu, published": f"{theirs.mean_bias:.3f}",
                    "sigma, published": f"{theirs.sigma:.3f}",
                }
            )
    if lines:
        yield f"### {found.name}: by the paper's protocol, beside the paper"
        yield (
            "Predictions masked by the truth, their medians summed: mean and standard deviation of "
            "the residual [dex]."
        )
        yield markdown(lines)


def methods_part(found: Evaluated) -> Iterator[str]:
    """The network and the classical methods on the same views."""
    totals = found.chosen(protocol="honest", quantity="method_total")
    if not totals:
        yield f"### {found.name}: classical methods"
        yield "Not run on these images."
        return
    yield f"### {found.name}: the network and classical methods on the same views"
    seconds = {r["method"]: number(r["value"], digits=2) for r in found.chosen(quantity="method")}
    for name in PROPERTIES:
        of: dict[str, dict[str, Line]] = {}
        for r in (r for r in totals if r["property"] == name):
            of.setdefault(r["method"], {})[r["statistic"]] = r
        if len(of) > 1:  # the network is not alone
            yield f"**{name}**"
            yield markdown(
                [_method(method, rows, seconds.get(method, "–")) for method, rows in of.items()]
            )


def _method(method: str, rows: Mapping[str, Line], seconds: str) -> Line:
    """One method: its scores, its time, and how many views they rest on."""
    scores = {
        words: number(rows[s]["value"], rows[s]["error"]) if s in rows else "–"
        for s, words in STATISTICS.items()
    }
    views = next(iter(rows.values()))["used"]
    return {"method": method, **scores, "seconds a view": seconds, "views": views}


def study_part(kind: str, found: Studied | None, notes: str, folder: Path) -> Iterator[str]:
    """The page on one study."""
    yield f"## Study: {kind}"
    if found is None:
        yield "**Not run to its end.**"
        yield notes
        return
    about = found.about
    yield notes
    yield (
        f"On `{about['store']}` ({str(about['store_fingerprint'])[:16]}), tested on its test split."
    )
    yield markdown([_arm(line) for line in found.arms])
    if reasons := [f"{a['arm']}: {a['provisional']}" for a in found.arms if a["provisional"]]:
        yield (
            "**Provisional arms claim nothing, nor does a comparison of which one arm is "
            "provisional**: " + "; ".join(reasons) + "."
        )
    left_out = about.get("left_out")
    if isinstance(left_out, Mapping) and left_out:
        yield "Left out: " + "; ".join(f"{arm} ({why})" for arm, why in left_out.items()) + "."
    for statistic in ("sigma", "median_bias"):
        yield (
            f"{STATISTICS[statistic].capitalize()} of log10(true / predicted) of totals [dex]: "
            "mean over the networks ± their standard deviation; a star marks a provisional arm."
        )
        yield markdown(_scores(found, statistic))
    yield from _published(found)
    for name, words in _pictures(found).items():
        picture = shrink(name, folder / f"{kind}_{name.stem}.png")
        yield f"![{words}]({picture.name})"


def _arm(line: Line) -> Line:
    """What was trained, and whether it claims anything."""
    shown = {k: line[k] for k in ("arm", "bands", "pixels", "images", "steps", "networks")}
    loss = number(line["validation_loss"], line["validation_loss_scatter"])
    standing = "**provisional**" if line["provisional"] else ""
    flat = {"late fall": line["late_fall"], "end above least": line.get("end_above_least", "")}
    shown |= {"validation loss": loss} | {words: number(value) for words, value in flat.items()}
    return {**shown, "": standing}


def _scores(found: Studied, statistic: str) -> list[Line]:
    """A statistic of totals, arms down and properties across."""
    totals = {(r["arm"], r["property"]): r for r in found.table if r["kind"] == "total"}
    names = [p for p in PROPERTIES if any(p == name for _, name in totals)]
    return [
        {
            "arm": arm["arm"] + "*" * bool(arm["provisional"]),
            **{
                p: number(
                    totals[arm["arm"], p][statistic], totals[arm["arm"], p][f"{statistic}_scatter"]
                )
                for p in names
            },
        }
        for arm in found.arms
    ]


def _published(found: Studied) -> Iterator[str]:
    """The paper's numbers of the same study, where it has one, under ours by its protocol."""
    arms = [run for run in BUCK_WOLF_2021_STUDIES if run.study == found.kind]
    if not arms:
        return
    yield (
        "By the paper's protocol (predictions masked by the truth, their medians summed), and as "
        "published: mu / sigma, one network a published arm; see [what differs](#what-differs)."
    )
    ours: dict[str, Line] = {}
    for row in (r for r in found.table if r["kind"] == "paper_total"):
        words = [number(row[s], row[f"{s}_scatter"]) for s in ("mean_bias", "sigma")]
        ours.setdefault(row["arm"], {})[row["property"]] = " / ".join(words)
    theirs = {
        run.arm: {p: f"{s.mean_bias:.3f} / {s.sigma:.3f}" for p, s in run.scores.items()}
        for run in arms
    }
    stars = {a["arm"]: "*" * bool(a["provisional"]) for a in found.arms}
    lines = []
    for arm in dict.fromkeys([*ours, *theirs]):
        sources = {f"here{stars.get(arm, '')}": ours.get(arm), "published": theirs.get(arm)}
        for source, scores in sources.items():
            if scores:
                cells = {p: scores.get(p, "–") for p in PROPERTIES}
                lines.append({"arm": arm, "source": source, **cells})
    yield markdown(lines)


def _pictures(found: Studied) -> dict[Path, str]:
    """Pictures of a study that are kept, with their words."""
    figures = found.folder / found.kind / "figures"
    wanted = {
        found.folder / f"{found.kind}.png": f"Scores of the {found.kind} study",
        figures / "losses.png": "Validation losses, the last quarter of training in grey",
        figures / "gallery_2_stars.png": "A galaxy at every resolution: stars",
        figures / "gallery_2_gas.png": "The same galaxy: gas",
    }
    return {path: words for path, words in wanted.items() if path.exists()}


def shrink(source: Path, target: Path) -> Path:
    """Write a picture smaller until it is small enough to be kept: JPEG where it has many colours.

    A drawing has few, and is a PNG of fewer still. Returns where it was written.
    """
    from PIL import Image

    with Image.open(source) as image:
        whole = image.convert("RGB")
    many = whole.getcolors(MANY_COLOURS) is None
    target = target.with_suffix(".jpg" if many else ".png")
    side = 1.0
    while True:
        size = [max(1, round(side * length)) for length in whole.size]
        data = io.BytesIO()
        smaller = whole.resize(size, Image.Resampling.LANCZOS)
        if many:
            smaller.save(data, "JPEG", quality=88, optimize=True)
        else:
            smaller.quantize(128, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
        if data.tell() < LARGEST_PICTURE:
            break
        side *= min(0.9, (LARGEST_PICTURE / data.tell()) ** 0.5)
    with written_whole(target) as partial:
        partial.write_bytes(data.getvalue())
    return target


def page(
    evaluations: Sequence[Evaluated],
    studies: Mapping[str, Studied | None],
    notes: Mapping[str, str],
    folder: Path,
) -> str:
    """The whole page, its pictures written into the folder."""
    parts = [
        "# Reference run",
        "<!-- Written by examples/reference_report.py: change the notes there, not this file. -->",
        notes.get("introduction", ""),
        "## What differs",
        f"Published numbers are those of {BUCK_WOLF_2021.source}. Before comparing with them:",
        "\n".join(f"- {words}" for words in STUDY_CAVEATS),
        notes.get("differences", ""),
    ]
    for found in evaluations:
        parts += evaluation_part(found, notes.get(f"evaluation {found.name}", ""), folder)
    for kind, study in studies.items():
        parts += study_part(kind, study, notes.get(f"study {kind}", ""), folder)
    if limits := notes.get("limits"):
        parts += ["## What it does not show", limits]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def named(given: str) -> tuple[str, Path]:
    """NAME=FOLDER as both; a name goes into file names."""
    name, equals, folder = given.partition("=")
    if not equals or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"--evaluation {given}: expected NAME=FOLDER, NAME in small letters")
    return name, Path(folder)


def write_reference(
    evaluations: Mapping[str, Path], studies: Path, output: Path, *, notes: Path = NOTES
) -> Path:
    """Write the page and its pictures; see the head of this file."""
    known = ["introduction", "differences", "limits"]
    known += [f"evaluation {name}" for name in evaluations] + [f"study {k}" for k in STUDIES]
    words = read_notes(notes, known)
    found = [Evaluated.read(name, folder) for name, folder in evaluations.items()]
    studied = {kind: Studied.read(kind, studies) for kind in STUDIES}
    output.mkdir(parents=True, exist_ok=True)
    return write_text(output / "README.md", page(found, studied, words, output))


def main() -> int:
    """Command line; 2 and one message where something can be mended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--evaluation", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--studies", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--notes", type=Path, default=NOTES)
    parser.add_argument("--output", "-o", type=Path, default=Path("docs/reference"))
    options = parser.parse_args()
    try:
        evaluations = dict(map(named, options.evaluation))
        print(write_reference(evaluations, options.studies, options.output, notes=options.notes))
    except PicasssoError as error:
        print(f"reference_report: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
