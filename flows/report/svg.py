# SPDX-License-Identifier: Apache-2.0
"""Matplotlib figures as SVG text whose colours follow the page, light or dark.

A figure is drawn in stand-in colours. They become CSS variables in the page and fixed colours on
white in a file of its own.
"""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

#: role -> (stand-in, light, dark); the page defines the variables --role from the last two
COLOURS = {
    "ink": ("#010101", "#1f2933", "#e4e7eb"),
    "muted": ("#020202", "#616e7c", "#9aa5b1"),
    "grid": ("#030303", "#e1e5ea", "#2f3944"),
    "first": ("#040404", "#2563b8", "#6ea8fe"),
    "second": ("#050505", "#d97706", "#f4a949"),
    "third": ("#060606", "#0f8a6d", "#4cc9a6"),
    "alarm": ("#070707", "#c2333a", "#ff7b7f"),
}
INK, MUTED, GRID, FIRST, SECOND, THIRD, ALARM = (c[0] for c in COLOURS.values())

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True)
class Chart:
    """A drawing, its file name and what it shows for those who cannot see it."""

    name: str
    alt: str
    svg: str

    def inline(self) -> str:
        """For the page: colours are the page's variables."""
        text = self.svg
        for role, (stand_in, _, _) in COLOURS.items():
            text = text.replace(stand_in, f"var(--{role})")
        return text

    def standalone(self) -> str:
        """For a file: dark on white, whatever it is shown on."""
        text = self.svg
        for stand_in, light, _ in COLOURS.values():
            text = text.replace(stand_in, light)
        end = text.index(">") + 1
        background = '\n<rect width="100%" height="100%" fill="#ffffff"/>'
        return text[:end] + background + text[end:]


def to_chart(name: str, alt: str, figure: Figure) -> Chart:
    """Render a figure; the same figure gives the same bytes."""
    out = io.StringIO()
    with rc_context({**STYLE, "svg.hashsalt": f"bnnflow-{name}"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
    used = set(re.findall(r"#([\w-]+)[\")]", text))
    text = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in used else "", text)
    text = text.replace("'DejaVu Sans'", FONTS).replace("&#39;DejaVu Sans&#39;", FONTS)
    width, height = (round(96 * float(v)) for v in figure.get_size_inches())
    size = re.compile(r'width="[^"]*pt" height="[^"]*pt"')
    label = html.escape(alt, quote=True)
    text = size.sub("", text, count=1).replace(
        "<svg ", f'<svg width="{width}" height="{height}" role="img" aria-label="{label}" ', 1
    )
    return Chart(name, alt, "\n".join(line.rstrip() for line in text.splitlines()) + "\n")
