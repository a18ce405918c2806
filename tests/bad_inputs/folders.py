"""Data folders that are damaged or were written by another version."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

Damage = Callable[[Path], object]


def _manifest(change: Callable[[dict[str, object]], object]) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / "manifest.json"
        values = json.loads(path.read_text(encoding="utf-8"))
        change(values)
        path.write_text(json.dumps(values), encoding="utf-8")

    return damage


def _text(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def _table(change: Callable[[pl.DataFrame], pl.DataFrame], name: str = "tickets") -> Damage:
    def damage(folder: Path) -> None:
        path = folder / f"{name}.parquet"
        change(pl.read_parquet(path)).write_parquet(path)

    return damage


FOLDERS: dict[str, Damage] = {
    "manifest empty": _text("manifest.json", b""),
    "manifest no JSON": _text("manifest.json", b"{"),
    "manifest a list": _text("manifest.json", b"[1]"),
    "manifest a number": _text("manifest.json", b"5"),
    "manifest not UTF-8": _text("manifest.json", b"\xff\xfe{}"),
    "manifest without anything": _text("manifest.json", b"{}"),
    "manifest nested too deep": _text("manifest.json", b"[" * 100_000),
    "no end": _manifest(lambda values: values.pop("extracted_at")),
    "end is no instant": _manifest(lambda values: values.update(extracted_at="yesterday")),
    "end is a number": _manifest(lambda values: values.update(extracted_at=5)),
    "end in 9999": _manifest(lambda values: values.update(extracted_at="9999-12-31T23:59:59+00:00")),
    "end in year 1": _manifest(lambda values: values.update(extracted_at="0001-01-01T00:00:00+00:00")),
    "no first month": _manifest(lambda values: values.pop("first_month")),
    "no last month": _manifest(lambda values: values.pop("last_month")),
    "last month is none": _manifest(lambda values: values.update(last_month="2026-13")),
    "first month is null": _manifest(lambda values: values.update(first_month=None)),
    "months run backwards": _manifest(lambda values: values.update(first_month="2026-11", last_month="2026-10")),
    "rows is a list": _manifest(lambda values: values.update(rows=[1])),
    "table cut off": lambda folder: (folder / "tickets.parquet").write_bytes(
        (folder / "tickets.parquet").read_bytes()[:-20]
    ),
    "table empty": _text("tickets.parquet", b""),
    "table is text": _text("tickets.parquet", b"ticket_id;created_at\n"),
    "table without a derived column": _table(lambda frame: frame.drop("resolution_minutes")),
    "table without any derived column": _table(lambda frame: frame.drop("created_day", "created_hour")),
    "table without a given column": _table(lambda frame: frame.drop("team")),
    "table without its key": _table(lambda frame: frame.drop("ticket_id")),
    "instants as text": _table(lambda frame: frame.with_columns(pl.col("created_at").cast(pl.String))),
    "ids as numbers": _table(lambda frame: frame.with_columns(pl.col("ticket_id").cast(pl.Int64))),
    "answers as text": _table(lambda frame: frame.with_columns(pl.col("answer").cast(pl.String)), "surveys"),
    "settings a folder": lambda folder: ((folder / "settings.toml").unlink(), (folder / "settings.toml").mkdir()),
    "settings not UTF-8": _text("settings.toml", b"currency = '\xe9'"),
}
