"""The table every result becomes: rows of text, for a page (HTML without scripts or styles) and for a terminal."""

from dataclasses import dataclass
from functools import singledispatch
from html import escape
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text."""

    caption: str  # what it shows, unit and period
    columns: tuple[str, ...]  # headings; one that starts with ">" is a column of numbers
    rows: tuple[tuple[str, ...], ...]  # cells, as many as columns; the first names the row
    notes: tuple[str, ...] = ()  # lines below

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    @property
    def html(self) -> str:
        """The table as HTML: text escaped, class names only (`num` for columns of numbers)."""
        kinds = [' class="num"' if column.startswith(">") else "" for column in self.columns]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column.lstrip(">"))}</th>'
            for column, kind in zip(self.columns, kinds, strict=True)
        )
        lines = [
            f'<table class="cx"><caption>{escape(self.caption)}</caption>',
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
        ]
        for first, *rest in self.rows:
            cells = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
            lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
        notes = "".join(f'<tr><td colspan="{len(self.columns)}">{escape(note)}</td></tr>' for note in self.notes)
        return "\n".join([*lines, "</tbody>", *([f"<tfoot>{notes}</tfoot>"] if notes else []), "</table>"])

    @property
    def text(self) -> str:
        """The table in aligned columns."""
        grid = [tuple(column.lstrip(">") for column in self.columns), *self.rows]
        widths = [max(len(row[place]) for row in grid) for place in range(len(self.columns))]
        lines = [
            "  ".join(_aligned(*cell) for cell in zip(row, widths, self.columns, strict=True)).rstrip() for row in grid
        ]
        return "\n".join([self.caption, "", *lines, *self.notes])


@singledispatch
def table(result: Any) -> Table:
    """Return the table of a result.

    Raises:
        UsageError: The result's language is not known.
    """
    raise TypeError(f"{type(result).__name__} is not a result")


def _aligned(cell: str, width: int, column: str) -> str:
    return cell.rjust(width) if column.startswith(">") else cell.ljust(width)
