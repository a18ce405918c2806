"""A chart as notebooks, code hosts and pages can all show it."""

import textwrap
from dataclasses import dataclass
from functools import cached_property, singledispatch
from html import escape
from typing import Any

import altair as alt

from cxlib.present.charts import theme
from cxlib.present.charts.frame import Frame, Layers
from cxlib.present.sentences import headline, say


@dataclass(frozen=True)
class Figure:
    """One picture in three forms, the same bytes on every run: live specification, SVG, words."""

    chart: alt.LayerChart | None  # None where there is nothing to draw: then only the words are shown
    finding: str  # its title
    description: str  # what it shows, for those who do not see it

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        words = {"text/plain": f"{self.finding}\n{self.description}"}
        if self.chart is None:
            return words
        return {"application/vnd.vegalite.v5+json": self.spec, "image/svg+xml": self.svg, **words}

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification, numbers to six significant digits; empty where there is nothing to draw.

        `width` is a number; a page may set it to "container".
        """
        if self.chart is None:
            return {}
        rounded: dict[str, Any] = _rounded(self.chart.to_dict(validate=False))
        return rounded | {"$schema": theme.SCHEMA}

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, labelled for screen readers; empty where there is nothing to draw."""
        if self.chart is None:
            return ""
        import vl_convert

        drawn = str(vl_convert.vegalite_to_svg(self.spec, vl_version=theme.VEGA_LITE))
        start, _, rest = drawn.partition(">")
        title, description = escape(self.finding), escape(self.description)
        return f'{start} role="img"><title>{title}</title><desc>{description}</desc>{rest}'


@singledispatch
def chart(result: Any) -> Figure:
    """Return the chart of a result; a figure without a picture where there is nothing to draw.

    Raises:
        UsageError: The result's language is not English.
    """
    raise TypeError(f"{type(result).__name__} is not a result")


def blank(result: Any) -> Figure:
    """Return the figure of a result that has nothing to draw."""
    return Figure(None, headline(result), say(result).text)


def figure(result: Any, frame: Frame, layers: Layers, subtitle: str) -> Figure:
    """Put layers, backmost first, together under the result's finding.

    The subtitle tells measure, unit, period, number of rows, and what marks mean.
    """
    finding, told = headline(result), f"{subtitle} {say(result).text}"
    drawn = alt.LayerChart(
        layer=layers,
        width=theme.WIDTH,
        height=frame.height,
        title=alt.TitleParams(
            textwrap.wrap(finding, theme.TITLE_LETTERS), subtitle=textwrap.wrap(subtitle, theme.SUBTITLE_LETTERS)
        ),
        description=told,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        config=alt.Config(**theme.config()),
    )
    return Figure(drawn, finding, told)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{float(f'{value:.12g}'):.6g}")  # 12 first: the last bits depend on the order of a sum
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
