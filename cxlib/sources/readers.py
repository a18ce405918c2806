"""Files to lazy frames of text: delimited, fixed width, Excel, Parquet, JSON lines, in any encoding."""

import codecs
import csv
import gzip
import io
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from cxlib.errors import CxError, UsageError, unknown_name
from cxlib.sources.mapping import FILE, ROW, FileSpec, Plan

# Fields beyond the header: their line is set aside; of still more fields only the first three are kept with it.
SURPLUS = ("surplus_field_1", "surplus_field_2", "surplus_field_3")
_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".gz": "csv", ".xlsx": "excel", ".xlsm": "excel",
    ".xls": "excel", ".xlsb": "excel", ".ods": "excel", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Input:
    """The files of one [files] entry: `frame` has their columns as text, `row_number` over all, and `file_name`.

    `rows` and `short` count rows, and lines with fewer fields than the header, by file name.
    """

    spec: FileSpec
    frame: pl.LazyFrame
    columns: list[str]
    rows: dict[str, int]
    short: dict[str, int]


def open_inputs(plan: Plan, paths: Sequence[Path], *, staging: Path) -> dict[str, Input]:
    """Open every given file under the [files] entry that it matches; a folder stands for the files in it.

    Files that must be rewritten as UTF-8 go to `staging`.

    Raises:
        UsageError: A path does not exist, matches no entry, or an entry matches no path.
        CxError: An empty or unreadable file, or one that lacks mapped columns.
    """
    files = given_files(paths)
    if not files:
        raise UsageError("No file was given to import.")
    if len(plan.files) == 1 and len(files) == 1:
        chosen = dict.fromkeys(plan.files, files)
    else:
        chosen = {name: [path for path in files if fnmatch(path.name, spec.match)] for name, spec in plan.files.items()}
    globs = ", ".join(f"{name}: {spec.match}" for name, spec in plan.files.items())
    for path in files:
        if not any(path in matched for matched in chosen.values()):
            raise UsageError(f"{path.name} matches no entry of [files] ({globs}).")
    for name, matched in chosen.items():
        if not matched:
            there = ", ".join(path.name for path in files)
            raise UsageError(f"No file for [files.{name}] (match = {plan.files[name].match!r}); given: {there}.")
    used = {name: [spec for spec in plan.specs if spec.file == name] for name in plan.files}
    return {
        name: _open(plan.files[name], matched, {column for spec in used[name] for column in spec.used()}, staging)
        for name, matched in chosen.items()
    }


def given_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files given; a folder stands for those in it, by name.

    Raises:
        UsageError: A path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file {path}.")
        found += sorted(inner for inner in path.iterdir() if inner.is_file()) if path.is_dir() else [path]
    return found


def _open(spec: FileSpec, paths: Sequence[Path], needed: Iterable[str], staging: Path) -> Input:
    frames = []
    for path in paths:
        frame = text_frame(path, spec, staging=staging)
        have = frame.collect_schema().names()
        for name in sorted(needed):
            if name not in have:
                raise CxError(f"{path.name}: {unknown_name('column', name, set(have) - set(SURPLUS))}")
        frames.append(frame.with_columns(pl.lit(path.name).alias(FILE)))
    frame = pl.concat(frames, how="diagonal").with_row_index(ROW, offset=1)
    columns = [name for name in frame.collect_schema().names() if name not in (ROW, FILE)]
    counts = frame.group_by(FILE).len().collect(engine="streaming")
    rows = {path.name: 0 for path in paths} | dict(counts.rows())
    return Input(spec, frame, columns, rows, {path.name: _short_lines(path, spec) for path in paths})


def text_frame(path: Path, spec: FileSpec, *, staging: Path) -> pl.LazyFrame:
    """Return one file as a lazy frame in which every column is text.

    A column name that occurs twice gets a suffix the second time; nested JSON becomes "outer.inner", columns of JSON
    lines are sorted by name: the keys of their records have no order that Polars keeps.

    Raises:
        CxError: Empty, not of its format, or not in its encoding.
    """
    if path.stat().st_size == 0:
        raise CxError(f"{path.name} is empty.")
    kind = _kind(path, spec)
    try:
        frame = _scan(path, kind, spec, staging)
        schema = frame.collect_schema()
        texts = frame.select(text for name, kind in schema.items() for text in _flat(pl.col(name), name, kind))
        return texts.select(sorted(texts.collect_schema().names())) if kind == "jsonl" else texts
    except pl.exceptions.NoDataError:
        raise CxError(f"{path.name} is empty.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CxError(f"{path.name} cannot be read as {kind}: {str(error).splitlines()[0]}.") from None


def _kind(path: Path, spec: FileSpec) -> str:
    return spec.format or _ENDINGS.get(path.suffix.lower(), "csv")


def _short_lines(path: Path, spec: FileSpec) -> int:
    """Count lines with fewer fields than the header; the reader of the values takes what they lack for empty."""
    if _kind(path, spec) != "csv":
        return 0
    csv.field_size_limit(sys.maxsize)
    with io.TextIOWrapper(_bytes(path), encoding=_encoding(path, spec), newline="") as file:
        lines = islice(file, spec.skip_rows, None)
        header = next(lines, "")
        rows = csv.reader(chain([header], lines), delimiter=spec.delimiter or likely_delimiter(header))
        fields = len(next(rows, []))
        return sum(0 < len(row) < fields for row in rows)


def _scan(path: Path, kind: str, spec: FileSpec, staging: Path) -> pl.LazyFrame:
    if kind == "parquet":
        return pl.scan_parquet(path)
    if kind == "excel":
        return _excel(path, spec)
    path = _as_utf8(path, spec, staging)
    if kind == "jsonl":
        return pl.scan_ndjson(path, infer_schema_length=None)
    return _fixed(path, spec) if kind == "fixed" else _delimited(path, spec)


def _delimited(path: Path, spec: FileSpec) -> pl.LazyFrame:
    with path.open(encoding="utf-8") as file:
        separator = spec.delimiter or likely_delimiter(next(islice(file, spec.skip_rows, None), ""))
    if len(separator) != 1:
        raise UsageError(f"delimiter = {separator!r}: one character is expected, such as ';' or '\\t'.")
    options: dict[str, Any] = {"separator": separator, "skip_rows": spec.skip_rows, "infer_schema": False}
    names = pl.scan_csv(path, **options).collect_schema().names()
    extra = dict.fromkeys(SURPLUS, pl.String)
    options |= {"schema": dict.fromkeys(names, pl.String) | extra, "missing_columns": "insert"}
    frame = pl.scan_csv(path, **options, truncate_ragged_lines=True)
    return frame.rename({name: name.strip() for name in names if name != name.strip()})


def likely_delimiter(header: str) -> str:
    """Return the mark that the header holds most of."""
    return max(",;\t|", key=header.count)


def _fixed(path: Path, spec: FileSpec) -> pl.LazyFrame:
    if not spec.fields:
        raise UsageError("A fixed-width file needs fields = {column = [first, last], …}, characters counted from 1.")
    for name, place in spec.fields.items():
        if not (isinstance(place, list) and len(place) == 2 and all(isinstance(at, int) for at in place)):
            raise UsageError(f"fields: {name} = {place!r}; [first, last] is expected, characters counted from 1.")
    line = pl.col("line")
    lines = pl.scan_lines(path).slice(spec.skip_rows).filter(line.str.strip_chars() != "")
    return lines.select(
        line.str.slice(first - 1, last - first + 1).str.strip_chars().alias(name)
        for name, (first, last) in spec.fields.items()
    )


def _excel(path: Path, spec: FileSpec) -> pl.LazyFrame:
    import fastexcel

    try:
        sheets = fastexcel.read_excel(path).sheet_names
        if spec.sheet and spec.sheet not in sheets:
            raise unknown_name(f"sheet in {path.name}", spec.sheet, sheets)
        options = {"skip_rows": spec.skip_rows} if spec.skip_rows else None
        sheet = spec.sheet or sheets[0]
        return pl.read_excel(path, sheet_name=sheet, infer_schema_length=0, read_options=options).lazy()
    except fastexcel.FastExcelError as error:
        raise CxError(f"{path.name} cannot be read as Excel: {str(error).splitlines()[0]}.") from None


def _flat(value: pl.Expr, name: str, kind: pl.DataType) -> Iterator[pl.Expr]:
    if isinstance(kind, pl.Struct):
        for inner in kind.fields:
            yield from _flat(value.struct.field(inner.name), f"{name}.{inner.name}", inner.dtype)  # type: ignore[arg-type]
    elif kind.is_nested():
        yield pl.struct(value).struct.json_encode().alias(name)
    elif isinstance(kind, pl.Datetime) and kind.time_zone:
        yield value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").alias(name)
    elif kind.is_float():
        whole = pl.when((value == value.round()) & (value.abs() < 1e15)).then(value.cast(pl.Int64, strict=False))
        yield pl.coalesce(whole.cast(pl.String), value.cast(pl.String)).alias(name)
    else:
        yield value.cast(pl.String).alias(name)


def _as_utf8(path: Path, spec: FileSpec, staging: Path) -> Path:
    """Return a plain UTF-8 file of the same text: the file itself if it is one, else a copy in `staging`."""
    encoding = _encoding(path, spec)
    copy = staging / f"{len(list(staging.iterdir()))}-{path.name}"
    with _bytes(path) as source:
        texts = _decoded(source, encoding, path.name)
        if encoding in ("utf-8", "utf-8-sig") and path.suffix.lower() != ".gz":
            deque(texts, maxlen=0)
            return path
        with copy.open("wb") as target:
            target.writelines(text.encode() for text in texts)
    return copy


def _bytes(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _encoding(path: Path, spec: FileSpec) -> str:
    try:
        told = codecs.lookup(spec.encoding).name
    except LookupError:
        raise UsageError(f"Unknown encoding {spec.encoding!r}; for example utf-8, utf-16, cp1252, koi8-r.") from None
    with _bytes(path) as file:
        start = file.read(3)
    return next((name for bom, name in _BOMS if start.startswith(bom)), told)


def _decoded(source: Any, encoding: str, name: str) -> Iterator[str]:
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    try:
        while chunk := source.read(_CHUNK):
            text = decoder.decode(chunk)
            lines += text.count("\n")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n")
        raise CxError(
            f"{name} is not written in {encoding}: line {line} cannot be read. Say encoding = … in the mapping; "
            "common ones are cp1252, cp1250, koi8-r, utf-16."
        ) from None
