"""Files to lazy frames of text: delimited, fixed width, spreadsheets, Parquet, JSON, in any encoding."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from zipfile import is_zipfile

import polars as pl

from cxlib.errors import CxError, UsageError, some_names, unknown_name
from cxlib.sources.mapped.mapping import FILE, ROW, FileSpec, Plan
from cxlib.sources.reading.delimited import SURPLUS, layout_of, read_delimited, settle_quotes
from cxlib.sources.reading.encodings import as_utf8, first_bytes
from cxlib.sources.reading.json_records import read_json
from cxlib.sources.reading.sheets import read_sheet
from cxlib.sources.reading.spreadsheet_xml import is_spreadsheet_xml

_ENDINGS = {
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".xlsb": "excel", ".ods": "excel", ".parquet": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
}  # fmt: skip
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file as a lazy frame of text; how many lines lacked fields, and what was decided in reading it, in words.

    `found` are the same decisions as options of a [files] entry; `others` the sheets that were not read.
    """

    frame: pl.LazyFrame
    short: int = 0
    remarks: tuple[str, ...] = ()
    found: Mapping[str, str | int] = field(default_factory=dict)
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """The files of one [files] entry: `frame` has their columns as text, `row_number` over all, and `file_name`.

    `rows`, `short` (lines with fewer fields than the header) and `remarks` (what was decided) are by file name.
    """

    spec: FileSpec
    frame: pl.LazyFrame
    columns: list[str]
    rows: dict[str, int]
    short: dict[str, int]
    remarks: dict[str, tuple[str, ...]]


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
    chosen = {name: [path for path in files if fnmatch(path.name, spec.match)] for name, spec in plan.files.items()}
    globs = some_names(f"{name}: {spec.match}" for name, spec in plan.files.items())
    for path in files:
        if not any(path in matched for matched in chosen.values()):
            raise UsageError(f"{path.name} matches no entry of [files] ({globs}).")
    for name, matched in chosen.items():
        if not matched:
            there = some_names(path.name for path in files)
            raise UsageError(f"No file for [files.{name}] (match = {plan.files[name].match!r}); given: {there}.")
    used = {name: [spec for spec in plan.specs if spec.file == name] for name in plan.files}
    return {
        name: _open(plan.files[name], matched, {column for spec in used[name] for column in spec.used()}, staging)
        for name, matched in chosen.items()
    }


def given_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files given; a folder stands for those in it, by name, but for hidden ones.

    Raises:
        UsageError: A path does not exist, or is no file.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file {path}.")
        if not path.is_dir() and not path.is_file():
            raise UsageError(f"{path} is no file that can be read more than once.")
        inside = (
            (inner for inner in path.iterdir() if inner.is_file() and inner.name[0] != ".") if path.is_dir() else ()
        )
        found += sorted(inside) if path.is_dir() else [path]
    return found


def _open(spec: FileSpec, paths: Sequence[Path], needed: Collection[str], staging: Path) -> Input:
    frames, texts = [], {}
    for path in paths:
        texts[path.name] = text_file(path, spec, staging=staging, needed=needed)
        frame = texts[path.name].frame
        have = frame.collect_schema().names()
        for name in sorted(needed):
            if name not in have:
                raise CxError(f"{path.name}: {unknown_name('column', name, set(have) - set(SURPLUS))}")
        frames.append(frame.with_columns(pl.lit(path.name).alias(FILE)))
    frame = pl.concat(frames, how="diagonal").with_row_index(ROW, offset=1)
    columns = [name for name in frame.collect_schema().names() if name not in (ROW, FILE)]
    counts = frame.group_by(FILE).len().collect(engine="streaming")
    rows = {path.name: 0 for path in paths} | dict(counts.rows())
    short, remarks = ({name: getattr(text, of) for name, text in texts.items()} for of in ("short", "remarks"))
    return Input(spec, frame, columns, rows, short, remarks)


def text_frame(path: Path, spec: FileSpec, *, staging: Path) -> pl.LazyFrame:
    """Return one file as a lazy frame in which every column is text; see `text_file`."""
    return text_file(path, spec, staging=staging).frame


def text_file(path: Path, spec: FileSpec, *, staging: Path, needed: Collection[str] = ()) -> TextFile:
    """Return one file in which every column is text.

    A column name that occurs twice gets a suffix the second time; nested JSON becomes "outer.inner", columns of JSON
    are sorted by name. `needed` columns tell the header from titles above it, and the sheet from others.

    Raises:
        UsageError: An option that does not fit the file.
        CxError: Empty, not of its format, not in its encoding, damaged, or too large for its format's reader.
    """
    if path.stat().st_size == 0:
        raise CxError(f"{path.name} is empty.")
    kind = kind_of(path, spec)
    try:
        return _READERS[kind](path, spec, staging, needed)
    except pl.exceptions.NoDataError:
        raise CxError(f"{path.name} is empty.") from None
    except pl.exceptions.PolarsError:  # its words may hold cells of the file
        raise CxError(f"{path.name} cannot be read as {kind}: it is damaged, or another kind of file.") from None
    except RecursionError:
        raise CxError(f"{path.name} cannot be read: it is nested too deeply.") from None
    except OSError as error:
        raise CxError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from None


def kind_of(path: Path, spec: FileSpec) -> str:
    """Return the format of a file: as told, else by its ending; text that is named .xls is delimited text."""
    kind = spec.format or _ENDINGS.get(Path(path.name.removesuffix(".gz")).suffix.lower(), "csv")
    if kind != "excel" or spec.format or is_zipfile(path) or first_bytes(path, 4) == _OLD_EXCEL:
        return kind
    if is_spreadsheet_xml(path):
        return kind
    if re.match(rb"\s*<", first_bytes(path, 256).removeprefix(b"\xef\xbb\xbf")):
        raise CxError(
            f"{path.name} is a web page or other XML under the name of a spreadsheet; save it as xlsx or CSV."
        )
    return "csv"


def _parquet(path: Path, _spec: FileSpec, _staging: Path, _needed: Collection[str]) -> TextFile:
    frame = pl.scan_parquet(path)
    schema = frame.collect_schema()
    return TextFile(frame.select(text for name, kind in schema.items() for text in _flat(pl.col(name), name, kind)))


def _json(path: Path, spec: FileSpec, staging: Path, _needed: Collection[str]) -> TextFile:
    copy = as_utf8(path, spec.encoding, staging=staging)
    return TextFile(read_json(copy, spec.records, staging=staging, lines=kind_of(path, spec) == "jsonl"))


def _sheet(path: Path, spec: FileSpec, staging: Path, needed: Collection[str]) -> TextFile:
    sheet = read_sheet(path, spec, staging=staging, needed=needed)
    others = f"sheet {sheet.name!r} is read, others are not: {some_names(sheet.others)}" if sheet.others else ""
    remarks = tuple(filter(None, (others, _skipped(sheet.skipped, spec))))
    found: dict[str, str | int] = {"sheet": sheet.name if sheet.others else "", "skip_rows": sheet.skipped}
    return TextFile(sheet.frame, remarks=remarks, found=found, others=sheet.others)


def _skipped(lines: int, spec: FileSpec) -> str:
    return f"{lines} lines above the header are skipped" if lines and not spec.skip_rows else ""


def _delimited(path: Path, spec: FileSpec, staging: Path, needed: Collection[str]) -> TextFile:
    copy = as_utf8(path, spec.encoding, staging=staging)
    layout, parsed = settle_quotes(copy, layout_of(copy, spec, needed=needed), path.name)
    escaped = "quotation marks are escaped by a backslash" if layout.escape else ""
    remarks = tuple(filter(None, (_skipped(layout.skip, spec), escaped)))
    found: dict[str, str | int] = {
        "delimiter": "" if layout.delimiter == "," else layout.delimiter,
        "skip_rows": layout.skip,
    }
    frame = read_delimited(copy, layout, staging=staging, name=path.name)
    return TextFile(frame, parsed.short, remarks, found)


def _fixed(path: Path, spec: FileSpec, staging: Path, _needed: Collection[str]) -> TextFile:
    if not spec.fields:
        raise UsageError("A fixed-width file needs fields = {column = [first, last], …}, characters counted from 1.")
    for name, place in spec.fields.items():
        if not (isinstance(place, list) and len(place) == 2 and all(isinstance(at, int) for at in place)):
            raise UsageError(f"fields: {name} = {place!r}; [first, last] is expected, characters counted from 1.")
    line = pl.col("line")
    lines = pl.scan_lines(as_utf8(path, spec.encoding, staging=staging)).slice(spec.skip_rows)
    fields = (
        line.str.slice(first - 1, last - first + 1).str.strip_chars().alias(name)
        for name, (first, last) in spec.fields.items()
    )
    return TextFile(lines.filter(line.str.strip_chars() != "").select(fields))


def _flat(value: pl.Expr, name: str, kind: pl.DataType) -> Iterator[pl.Expr]:
    if isinstance(kind, pl.Struct):
        for inner in kind.fields:
            yield from _flat(value.struct.field(inner.name), f"{name}.{inner.name}", inner.dtype)  # type: ignore[arg-type]
    elif kind.is_nested():
        yield pl.struct(value.alias("v")).struct.json_encode().str.slice(5).str.strip_suffix("}").alias(name)
    elif isinstance(kind, pl.Datetime) and kind.time_zone:
        yield value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").alias(name)
    elif kind.is_float():
        whole = pl.when((value == value.round()) & (value.abs() < 1e15)).then(value.cast(pl.Int64, strict=False))
        yield pl.coalesce(whole.cast(pl.String), value.cast(pl.String)).alias(name)
    else:
        yield value.cast(pl.String).alias(name)


Reader = Callable[[Path, FileSpec, Path, Collection[str]], TextFile]
_READERS: Mapping[str, Reader] = {
    "csv": _delimited, "fixed": _fixed, "excel": _sheet, "parquet": _parquet, "json": _json, "jsonl": _json,
}  # fmt: skip
