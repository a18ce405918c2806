"""The plane of a chart: its scales, and layers made from plain rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt

from cxlib.present.charts import theme

Rows = list[dict[str, Any]]
Layers = list[alt.Chart]
_PLACES: dict[str, dict[str, Any]] = {
    "": {},
    "left": {"x": alt.value(0)},
    "right": {"x": alt.value("width")},
    "across": {"x": alt.value(0), "x2": alt.value("width")},
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The plane; rows name the channels by their keys: x, x2, y, y2, text, tip, run, shade.

    What comes from the data stays a value of a row; no expression is ever built from it. Upright lines cross all of y,
    or `lanes` (stretches of y) only, so that they leave out the text between.
    """

    x: tuple[float, float]  # domain
    y: tuple[float, float]  # domain, lowest end first
    height: int  # pixels
    top: int = 0  # pixels kept free above for labels
    bends: tuple[tuple[float, float], ...] = ()  # y and its pixel, from the foot up, where room is made for text
    lanes: tuple[tuple[float, float], ...] = ()

    def layer(self, mark: str, rows: Rows, at: str = "", **style: Any) -> Layers:
        """Return one layer of marks (line, area, rule, point, rect or text), none without rows.

        `at` stands in place of x: "left" or "right" edge, or "across" the whole width.
        """
        if not rows:
            return []
        data = alt.Data(values=rows)  # type: ignore[no-untyped-call]
        kind: Any = mark
        channels = [self._channel(key) for key in rows[0]]
        return [alt.Chart(data, mark=alt.MarkDef(type=kind, **style)).encode(*channels, **_PLACES[at])]

    def text(self, rows: Rows, at: str = "", **style: Any) -> Layers:
        """Return text that stays legible over lines: a halo of paper behind it."""
        halo = self.layer("text", rows, at, **style | {"stroke": theme.PAPER, "strokeWidth": 4, "fill": theme.PAPER})
        return halo + self.layer("text", rows, at, **style)

    def upright(self, places: Iterable[float], **style: Any) -> Layers:
        """Return lines upward at these places of x."""
        lanes = self.lanes or (self.y,)
        return self.layer("rule", [{"x": x, "y": y, "y2": y2} for x in places for y, y2 in lanes], **style)

    def _channel(self, key: str) -> Any:
        if key == "x":
            return alt.X("x:Q", axis=None, scale=alt.Scale(domain=list(self.x), nice=False, zero=False))
        if key == "y":
            ends = (self.y[0], self.height), *self.bends, (self.y[1], self.top)
            domain, pixels = ([end[part] for end in ends] for part in (0, 1))
            return alt.Y("y:Q", axis=None, scale=alt.Scale(domain=domain, nice=False, zero=False, range=pixels))
        if key == "shade":
            return alt.FillOpacity("shade:Q", scale=None, legend=None)
        kinds = {"x2": alt.X2, "y2": alt.Y2, "text": alt.Text, "tip": alt.Tooltip, "run": alt.Detail}
        return kinds[key](key if key.endswith("2") else f"{key}:N")
