"""Reading published sentences back: every number of one must stand in what is published with it."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

NUMBER = re.compile(r"\d[\d,\N{NARROW NO-BREAK SPACE}]*(?:\.\d+)?")
DAY_OR_MONTH = re.compile(rf"(\d+ )?({'|'.join(filter(None, calendar.month_name))}) \d{{4}}")
THIN = "\N{NARROW NO-BREAK SPACE}"
END = re.compile(r"(?<=\.)\s+")  # a point within a number ends nothing, nor does a question mark of a title


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a text without their thousands separators."""
    return [match.replace(",", "").replace(THIN, "") for match in NUMBER.findall(text)]


def published(notebook: Path) -> Iterator[tuple[str, str]]:
    """Give each sentence of an executed notebook, with the tables its cell shows and the call that made them."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        tables = "\n".join("".join(data["text/plain"]) for data in shown if "text/html" in data)
        for data in shown:
            if tables and "text/markdown" in data:
                yield "".join(data["text/plain"]), f"{tables}\n{''.join(cell['source'])}"


def single_sentences(notebook: Path) -> Iterator[str]:
    """Give every single sentence of the answers of an executed notebook."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("cx", {}).get("role") == "sentence":
                yield from END.split("".join(output["data"]["text/plain"]))


def strangers(notebook: Path) -> list[tuple[str, str]]:
    """Return the numbers, each with its sentence, that do not stand in the tables beside it; days and months apart.

    A table may print a number with fewer decimals, and how many rows it has may be told.
    """
    found = []
    for sentence, beside in published(notebook):
        known = {*numbers_in(beside), *(str(rows) for rows in range(1, beside.count("\n")))}
        told = numbers_in(DAY_OR_MONTH.sub("", sentence))
        found += [(number, sentence) for number in told if not known & {number, *_rounded(number)}]
    return found


def _rounded(number: str) -> set[str]:
    whole, _, decimals = number.partition(".")
    return {f"{Decimal(number):.{places}f}" for places in range(len(decimals))} if decimals else {whole}
