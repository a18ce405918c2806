"""Settings: whatever would break or bend a report is refused in words, before anything is computed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cxlib.errors import UsageError
from cxlib.metrics.queries import query
from cxlib.settings import build
from cxlib.store.folder import open_data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("timezone = 5", r"timezone = 5 is of the wrong type; text in quotes"),
        ("targets = 5", r"targets = 5; tables \[targets.NAME\]"),
        ("targets = { csat = 80 }", r"\[targets.csat\] must be a table"),
        ('[targets.csat]\nvalue = "80"', r"value = '80' .* a number is expected"),
        ("[targets.csat]\nvalue = nan", r"value = nan .* a number"),
        ("[targets.csat]\nvalue = true", r"value = True .* a number"),
        ('[targets.csat]\nvalue = 80\nvalid_from = "2026-01-01"', r"a date without quotes"),
        ("[targets.csat]", r"lacks 'value'"),
        ('events = "x"', r"tables \[\[events\]\] with a date and a title"),
        ('[[events]]\ndate = "2026-10-01"\ntitle = "X"', r"a date without quotes, such as 2026-10-01"),
        ('[[events]]\ndate = 2026-10-01T10:00:00\ntitle = "X"', r"a date without quotes"),
        ("[[events]]\ndate = 2026-10-01\ntitle = 5", r"title = 5"),
        ('schedules = "x"', r"tables \[schedules.NAME\]"),
        ("[schedules.default.hours]\nmonday = [8]", r"hours = \{'monday': \[8\]\}"),
        ('[schedules.default.hours]\nmonday = "08:00-18:00"', r"a list \(of text in quotes\)"),
        ('[schedules.default.half_days]\n"2026-10-05" = "08:00-12:00"', r"half_days"),
        ('[schedules.default]\nextra_holidays = ["2026-10-05"]', r"a list \(of a date without quotes"),
        ("windows = [1]", r"\[windows\] must be a table"),
        ("[windows]\nreopen_days = -5", r"reopen_days = -5: it cannot be negative"),
        ("[windows]\nreopen_days = 1.5", r"a whole number"),
        ("[windows]\nreopen_days = true", r"a whole number"),
        ("[margins]\nshare = -1", r"share = -1: it cannot be negative"),
        ("min_group = -1", r"min_group = -1: it cannot be negative"),
        ("minutes_per_reply = -3.0", r"cannot be negative"),
        ("costs = 5", r"costs = 5"),
        ('costs = { agent_hour = "5" }', r"each name with a number"),
        ("difficulty = { X = 5 }", r"each name with text in quotes"),
        ('important = "high"', r"a list \(of text in quotes\)"),
        ('timezon = "UTC"', r"Did you mean 'timezone'\?"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        build(tomllib.loads(text))


def test_what_is_right_is_taken() -> None:
    text = """
        important = ["high", "key"]
        costs = { agent_hour = 5, gross_margin = 0.75 }
        [targets.nps]
        value = -5
        valid_from = 2026-01-01
        [[events]]
        date = 2026-10-01
        title = "New phones"
        [schedules.default]
        extra_holidays = [2026-10-05]
        half_days = { 2026-12-24 = ["08:00-12:00"] }
    """
    settings = build(tomllib.loads(text))
    assert settings.important == ("high", "key")
    assert settings.costs == {"agent_hour": 5, "gross_margin": 0.75}
    assert (settings.targets["nps"].value, settings.events[0].title) == (-5, "New phones")
    assert str(settings.schedules["default"].extra_holidays[0]) == "2026-10-05"


@pytest.mark.parametrize("group", ["targets", "benchmarks"])
def test_a_target_of_an_unknown_metric_is_refused_with_the_nearest_one(
    small_demo: Path, group: str, tmp_path: Path
) -> None:
    settings = f'timezone = "Europe/Warsaw"\n[{group}.csatt]\nvalue = 80\n'
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "manifest.json").write_bytes((small_demo / "manifest.json").read_bytes())
    (folder / "settings.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(UsageError, match=r"'csatt'\. Did you mean 'csat'"):
        query(open_data(str(folder)))
    (folder / "settings.toml").write_text(settings.replace("csatt", "csat"), encoding="utf-8")
    assert query(open_data(str(folder))).month
