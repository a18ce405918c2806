"""Cells of a page of rows: numbers rounded, in full and aligned, what is true as a word."""

from __future__ import annotations

import math
from datetime import datetime

import polars as pl
import pytest

from cxlib.report.row_page import heading, in_words


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ([0.0, 100.0, None], ["0", "100", ""]),
        ([1550487.0, 75.5], ["1,550,487.00", "75.50"]),
        ([3.55271e-15, -7.1e-15, 0.0], ["0", "0", "0"]),
        ([0.1 + 0.2, 280.26666], ["0.30", "280.27"]),
        ([-0.0166667, 83.0], ["−0.02", "83.00"]),
        ([0.0, 0.0422833], ["0.0000", "0.0423"]),
        ([1, 2500], ["1", "2,500"]),
        ([math.nan, math.inf, None, 1.5], ["", "", "", "1.50"]),
        ([True, False, None], ["yes", "no", ""]),
        ([datetime(2026, 10, 1, 4, 13, 35)], ["2026-10-01 04:13:35"]),
        (["a\nb", None], ["a b", ""]),
        ([None, None], ["", ""]),
    ],
)
def test_cells_are_read_at_a_glance(values: list[object], cells: list[str]) -> None:
    assert in_words(pl.Series(values)) == cells


def test_no_rows_have_no_cells() -> None:
    assert in_words(pl.Series(dtype=pl.Float64)) == []


def test_headings_of_numbers_say_their_unit() -> None:
    units = {"adds": "hours a month"}
    assert heading(pl.Series("adds", [0.5]), units) == ">adds, hours a month"
    assert heading(pl.Series("minutes", [5]), units) == ">minutes"
    assert heading(pl.Series("subject", ["adds"]), units) == "subject"
