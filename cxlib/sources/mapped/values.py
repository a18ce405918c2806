"""Text to typed values: missing codes, value maps, numbers, flags, instants, choices; the unreadable is told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter

import polars as pl

from cxlib.sources.mapped.mapping import ColumnSpec, FileSpec
from cxlib.sources.reading.dates import assemble, by_formats, dissect, is_serial, replaced, to_utc
from cxlib.sources.reading.durations import is_open, minutes_of
from cxlib.tables.columns import MOST_WEIGHT, Column
from cxlib.tables.schema import PLAUSIBLE_YEARS, dtype

_TRUE, _FALSE = ("true", "yes", "y", "t", "1"), ("false", "no", "n", "f", "0")
TEXT, _PARTS, _LOCAL, _OFFSET = "text: ", "parts: ", "local: ", "offset: "


_LONGEST_ID = 1_000
_IN_WORDS = {"h:mm": "hours and minutes", "m:ss": "minutes and seconds"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How columns of a file are read: `zone` of instants without one, by column whether the day comes first.

    `zones` are, by the zone of a column, the minutes from UTC of abbreviations; `forms` what 22:17 means, by column.
    """

    zone: str
    orders: Mapping[str, bool]
    zones: Mapping[str, Mapping[str, int]]
    forms: Mapping[str, str]


def holds_duration(column: Column) -> bool:
    """Tell whether a column may be written as a duration: minutes, and a source's own figures, which may be minutes."""
    return column.kind == "minutes" or (column.kind, column.name) == ("number", "amount")


@dataclass(frozen=True, slots=True)
class Read:
    """How one column was read: rows whose text has no value of its kind (`faults`, in the words of `problem`).

    They lose the value or, in a required column, the row. `doubts` are rows whose value rests on a decision, by words.
    """

    column: Column
    problem: str
    doubts: Mapping[str, pl.Expr]

    @property
    def text(self) -> pl.Expr:
        """The text the value came from."""
        return pl.col(TEXT + self.column.name)

    @property
    def example(self) -> pl.Expr:
        """The text as a note may repeat it: labels as they are, of what should be a number, date or id only its shape.

        A column that was mapped by mistake may hold names or whole messages.
        """
        if self.column.choices or self.column.kind in ("flag", "text") or self.column.name == "answer":
            return self.text
        words = self.text.str.contains(r"\p{L}{5}|@|\p{L}{2}.*\P{L}.*\p{L}{2}")
        return pl.when(words).then(shape(self.text)).otherwise(self.text)

    @property
    def faults(self) -> dict[str, pl.Expr]:
        """Rows whose text has no value, by what is wrong with it."""
        lost = self.text.is_not_null() & pl.col(self.column.name).is_null()
        if self.column.kind != "instant":
            return {self.problem: lost}
        dated = pl.col(_LOCAL + self.column.name).is_not_null()
        return {self.problem: lost & ~dated, f"{self.column.name} is not of the years 1980 to 2099": lost & dated}


def shape(text: pl.Expr) -> pl.Expr:
    """Return how a text is written without repeating it: 9 for each digit, a for each word."""
    bare = text.str.slice(0, 200).str.replace_all(r"[0-9]", "9").str.replace_all(r"\p{L}+", "a")
    return bare.str.replace_all(r"\s+", " ").str.slice(0, 40)


def source_text(spec: ColumnSpec, file: FileSpec) -> pl.Expr:
    """Return the text of a column before it is understood: stripped, missing codes null, values mapped."""
    if spec.value is not None:
        return pl.lit(str(spec.value).lower() if isinstance(spec.value, bool) else str(spec.value))
    text = (pl.concat_str(list(_pieces(spec.template))) if spec.template else pl.col(spec.column)).str.strip_chars()
    codes = [str(code) for code in (*file.missing, *spec.no_answer)]
    text = pl.when((text != "") & ~text.is_in(codes)).then(text) if codes else pl.when(text != "").then(text)
    if not spec.values:
        return text
    new = {old: str(value).lower() if isinstance(value, bool) else str(value) for old, value in spec.values.items()}
    mapped = pl.coalesce(replaced(text, new), pl.lit(spec.otherwise) if spec.otherwise else text)
    return pl.when(text.is_not_null() & (mapped != "")).then(mapped)


def _pieces(template: str) -> Iterator[pl.Expr]:
    """Give what a template such as "{order}-{line}" is filled with; joined they are null where any is missing."""
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            yield pl.lit(literal)
        if name is not None:
            part = pl.col(name).cast(pl.String).str.strip_chars()
            yield pl.when(part != "").then(part)


def read_columns(
    texts: pl.LazyFrame,
    block: Mapping[str, ColumnSpec],
    columns: Sequence[Column],
    file: FileSpec,
    *,
    reading: Reading,
) -> tuple[pl.LazyFrame, list[Read]]:
    """Add typed columns to a frame of texts (named `TEXT` + column), in layers so that nothing is computed twice.

    `reading` says what the columns' own texts settled.
    """
    instants = [column.name for column in columns if column.kind == "instant"]
    free = [name for name in instants if not block[name].formats]
    frame = texts.with_columns(dissect(pl.col(TEXT + name)).alias(_PARTS + name) for name in free)
    layer: list[pl.Expr] = []
    for name in instants:
        local, offset = (
            by_formats(pl.col(TEXT + name), block[name].formats)
            if block[name].formats
            else assemble(
                pl.col(_PARTS + name),
                day_first=reading.orders[name],
                zones=reading.zones[block[name].timezone or reading.zone],
            )
        )
        layer += [local.alias(_LOCAL + name), offset.alias(_OFFSET + name)]
    values, reads = [], []
    for column in columns:
        value, read = _read(column, block[column.name], file, reading)
        values.append(value.cast(dtype(column), strict=False).alias(column.name))
        reads.append(read)
    return frame.with_columns(layer).with_columns(values), reads


def _read(column: Column, spec: ColumnSpec, file: FileSpec, reading: Reading) -> tuple[pl.Expr, Read]:
    text, name = pl.col(TEXT + column.name), column.name
    read = Read(column, f"unreadable {name}", {})
    if column.kind == "instant":
        value, doubtful = to_utc(pl.col(_LOCAL + name), pl.col(_OFFSET + name), spec.timezone or reading.zone)
        value = pl.when(value.dt.year().is_between(*PLAUSIBLE_YEARS)).then(value)
        doubts = {f"{name} falls into a change of the clock": doubtful}
        if not spec.formats:
            doubts[f"{name} is a number of days, read as Excel counts them"] = is_serial(pl.col(_PARTS + name))
        return value, replace(read, doubts=doubts)
    if column.kind in ("number", "money", "minutes", "integer"):
        thousands = file.thousands if spec.thousands is None else spec.thousands
        value = number(text, decimal=spec.decimal or file.decimal, thousands=thousands) * spec.scale
        if holds_duration(column):
            form = reading.forms[name]
            words = f"{name} such as 22:17 is read as {_IN_WORDS[form]}"
            return pl.coalesce(value, minutes_of(text, form)), replace(read, doubts={words: is_open(text)})
        if name == "weight":
            read = replace(read, problem=f"unreadable weight, or one beyond {MOST_WEIGHT:,.0f}")
            return pl.when(value.abs() <= MOST_WEIGHT).then(value), read
        return (pl.when(value == value.round()).then(value) if column.kind == "integer" else value), read
    if column.kind == "flag":
        word = text.str.to_lowercase()
        return pl.when(word.is_in(_TRUE)).then(True).when(word.is_in(_FALSE)).then(False), read
    if column.choices:
        return pl.when(text.is_in(column.choices)).then(text), replace(read, problem=f"{name} is none of its values")
    if column.kind == "id":
        read = replace(read, problem=f"{name} is longer than {_LONGEST_ID:,} characters")
        return pl.when(text.str.len_chars() <= _LONGEST_ID).then(text), read
    return text, read


def number(text: pl.Expr, *, decimal: str = ".", thousands: str = "") -> pl.Expr:
    """Return the number a stripped text tells; null unless it is written exactly as told, but for a currency sign.

    `thousands` is the mark between groups of three digits, "" = none; a space stands for every kind of space.
    """
    bare = text.str.replace_all(r"[\s\u{a0}\u{202f}]", " ").str.strip_chars(" €$£").str.replace("−", "-", literal=True)
    mark, point = re.escape(thousands), re.escape(decimal)
    whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|\d+)" if thousands else r"\d+"
    written = rf"^[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$"
    plain = bare.str.replace_all(thousands, "", literal=True) if thousands else bare
    value = plain.str.replace(decimal, ".", literal=True).cast(pl.Float64, strict=False)
    return pl.when(bare.str.contains(written) & value.is_finite()).then(value)
