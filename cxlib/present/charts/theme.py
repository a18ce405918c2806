"""How charts look: the only place that knows a colour, a font, a size.

One accent (the blue of Okabe & Ito 2008), greys for context, dashes so that nothing depends on colour alone. A dark
page replaces colours by `dark_css`: pictures carry them as plain attributes.
"""

from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
VEGA_LITE = "5.8"
WIDTH = 560
FONT = "sans-serif"
SMALL, SIZE, TITLE_SIZE = 11, 13, 16
TITLE_LETTERS, SUBTITLE_LETTERS = 64, 88
_LIGHT_AND_DARK = {
    "paper": ("#ffffff", "#16181a"),
    "ink": ("#222222", "#e9e9e7"),
    "muted": ("#666666", "#a9acae"),
    "faint": ("#a3a3a3", "#74787b"),
    "grid": ("#e4e4e4", "#33373a"),
    "accent": ("#0072b2", "#56b4e9"),
}
PAPER, INK, MUTED, FAINT, GRID, ACCENT = (light for light, _ in _LIGHT_AND_DARK.values())
BAND = 0.18
DASHED, DOTTED = [6, 4], [2, 3]


def config() -> dict[str, Any]:
    """Return the configuration every chart carries."""
    return {
        "background": PAPER,
        "font": FONT,
        "padding": 8,
        "view": {"stroke": None},
        "mark": {"aria": False},
        "text": {"fontSize": SIZE, "fill": INK, "baseline": "middle"},
        "title": {
            "limit": WIDTH - 16, "anchor": "start", "frame": "bounds",
            "align": "left", "color": INK, "fontSize": TITLE_SIZE,
            "lineHeight": 20, "offset": 14, "subtitleColor": MUTED, "subtitleFontSize": SIZE, "subtitleLineHeight": 17,
            "subtitlePadding": 6,
        },
    }  # fmt: skip


def dark_css(scope: str = "figure.chart") -> str:
    """Return the rules that repaint the pictures inside `scope` for a dark page."""
    rules = (
        f'{scope} [{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in _LIGHT_AND_DARK.values()
        for name in ("fill", "stroke")
    )
    return "\n".join(rules)
