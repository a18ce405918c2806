"""Files that are broken or hold rows that cannot be used: each ends in an error, or is counted and set aside.

A file is refused (ERROR), or its bad rows are counted (ASIDE), or its bad cells are (NOTED).
"""

from __future__ import annotations

import gzip
import io
import zipfile

ERROR, ASIDE, NOTED = "refused", "set aside", "noted"
HEAD = b"No;Opened;Solved;Client;Via;Score\n"
GOOD = b"1;2026-10-03 09:15;2026-10-03 11:40;C-17;email;5\n2;2026-10-05 10:02;2026-10-06 09:30;C-20;phone;2\n"
LINE = b"3;2026-10-07 09:15;2026-10-07 10:15;C-17;email;4\n"


def gz(content: bytes, *, cut: int = 0) -> bytes:
    packed = gzip.compress(content, mtime=0)
    return packed[: len(packed) - cut]


def _zip(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return target.getvalue()


def _line(place: int, cell: bytes) -> bytes:
    """Return good rows and one in which one cell is another."""
    cells = LINE.rstrip(b"\n").split(b";")
    cells[place] = cell
    return HEAD + GOOD + b";".join(cells) + b"\n"


FILES: tuple[tuple[str, bytes, str], ...] = (
    # no file to read
    ("tickets.csv", b"", ERROR), ("tickets.csv", b"\n\n\n", ERROR), ("tickets.csv", HEAD, ERROR),
    ("tickets.csv", b"\x00" * 64, ERROR), ("tickets.csv", b"\xff\xfe", ERROR), ("tickets.csv", b"\xef\xbb\xbf", ERROR),
    ("tickets.csv", bytes(range(256)), ERROR), ("tickets.csv", HEAD + GOOD + b'4;"2026-10-07', ERROR),
    ("tickets.csv", HEAD + GOOD.replace(b"email", b"\xe9mail"), ERROR), ("tickets.csv", b"a,b\n1,2\n", ERROR),
    ("tickets.csv", HEAD.replace(b";Opened", b""), ERROR), ("tickets.csv", GOOD, ERROR),
    ("tickets.csv", (HEAD + GOOD).replace(b";", b"\x1f"), ERROR), ("tickets.csv", gz(HEAD + GOOD), ERROR),
    ("tickets.csv", b"<html><body>Log in</body></html>", ERROR), ("tickets.csv", b'{"error": "denied"}', ERROR),
    ("tickets.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", ERROR), ("tickets.csv", _zip(a=b"x"), ERROR),
    ("tickets.gz", HEAD + GOOD, ERROR), ("tickets.csv.gz", gz(HEAD + GOOD, cut=9), ERROR),
    ("tickets.csv.gz", gz(b""), ERROR), ("tickets.csv.gz", b"\x1f\x8b", ERROR),
    ("tickets.xlsx", _zip(a=b"x"), ERROR), ("tickets.xlsx", b"PK\x03\x04", ERROR),
    ("tickets.ods", _zip(mimetype=b"x"), ERROR), ("tickets.parquet", HEAD + GOOD, ERROR),
    ("tickets.parquet", b"PAR1PAR1", ERROR), ("tickets.jsonl", b"{", ERROR), ("tickets.jsonl", b"[1, 2]\n", ERROR),
    ("tickets.jsonl", b'{"No": 1}\n{"No": \n', ERROR), ("tickets.jsonl", b"null\n", ERROR),
    ("tickets.json", b"{", ERROR), ("tickets.json", b"[]", ERROR), ("tickets.json", b"5", ERROR),
    ("tickets.json", b"[" * 50_000, ERROR), ("tickets.jsonl", b"[" * 50_000, ERROR),
    ("tickets.csv", HEAD + b";;;;;\n", ERROR),
    ("tickets.csv", HEAD + b"1;03/04/2026 09:00;;C-17;email;5\n", ERROR),
    # rows that cannot be used
    ("tickets.csv", _line(0, b""), ASIDE), ("tickets.csv", _line(1, b""), ASIDE), ("tickets.csv", _line(1, b"soon"), ASIDE),
    ("tickets.csv", _line(1, b"2026-02-30 10:00"), ASIDE), ("tickets.csv", _line(1, b"0000-00-00 00:00"), ASIDE),
    ("tickets.csv", _line(1, b"1066-10-14 09:00"), ASIDE), ("tickets.csv", _line(1, b"9999-12-31 23:59"), ASIDE),
    ("tickets.csv", _line(1, b"2026-10-07 25:00"), ASIDE), ("tickets.csv", _line(1, b"NULL"), ASIDE),
    ("tickets.csv", _line(5, b"4;more;and more"), ASIDE), ("tickets.csv", HEAD + GOOD + b";;;;;\n", ASIDE),
    ("tickets.csv", HEAD + GOOD + HEAD, ASIDE), ("tickets.csv", _line(1, b"=NOW()"), ASIDE),
    ("tickets.csv", _line(1, b"1e999"), ASIDE), ("tickets.csv", _line(1, b"-1"), ASIDE),
    # cells that cannot be used
    ("tickets.csv", _line(2, b"soon"), NOTED), ("tickets.csv", _line(2, b"2026-02-30 10:00"), NOTED),
    ("tickets.csv", _line(2, b"9999-12-31"), NOTED), ("tickets.csv", _line(5, b"good"), NOTED),
    ("tickets.csv", _line(5, b"99"), NOTED), ("tickets.csv", _line(5, b"nan"), NOTED), ("tickets.csv", _line(5, b"inf"), NOTED),
    ("tickets.csv", _line(5, b"-5"), NOTED), ("tickets.csv", _line(5, b"1e400"), NOTED), ("tickets.csv", _line(5, b"4,5,6"), NOTED),
    ("tickets.csv", _line(4, b"pigeon"), NOTED),
)  # fmt: skip
