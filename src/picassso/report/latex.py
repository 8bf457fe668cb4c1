"""Tables in LaTeX, with the rules of booktabs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["latex_table", "latex_text"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "<": r"$<$",
    ">": r"$>$",
    "×": r"$\times$",
    "σ": r"$\sigma$",
    "μ": r"$\mu$",
    "χ": r"$\chi$",
    "²": r"$^2$",
    "☉": r"$_\odot$",
    "⁻¹": r"$^{-1}$",
}


def latex_text(text: str) -> str:
    """Plain text with everything escaped that LaTeX would take for a command."""
    text = text.replace("⁻¹", "\0")
    return "".join(_SPECIAL.get(c, c) for c in text).replace("\0", _SPECIAL["⁻¹"])


def latex_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    label: str,
    wordy: Collection[int] = (),
) -> str:
    """A ``table`` environment, first column to the left and numbers to the right.

    Parameters
    ----------
    header : sequence of str
        Titles of the columns.
    rows : sequence of sequence of str
        Cells, plain text.
    caption, label : str
        Of the table; the label is ``tab:LABEL``.
    wordy : collection of int
        Further columns that are set to the left.
    """

    def line(cells: Sequence[str]) -> str:
        return " & ".join(latex_text(c) for c in cells) + r" \\"

    columns = "".join("l" if k == 0 or k in wordy else "r" for k in range(len(header)))
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{latex_text(caption)}}}",
        rf"  \label{{tab:{label}}}",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        f"    {line(header)}",
        r"    \midrule",
        *(f"    {line(row)}" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
