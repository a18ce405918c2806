"""Bytes to UTF-8 text: encodings, byte-order marks, gzip, line ends; what is no text is refused."""

import codecs
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from cxlib.errors import CxError, UsageError

# The marks of UTF-32 begin with those of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_NO_TEXT = ("undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape")
_CHUNK = 1 << 22
_MOST_UNPACKED, _MOST_RATIO = 1 << 30, 200


def as_utf8(path: Path, encoding: str, *, staging: Path) -> Path:
    """Return a plain UTF-8 file of the same text and name: the file itself if it is one, else a copy below `staging`.

    Raises:
        UsageError: No such encoding.
        CxError: Not written in it, cut off, or no text.
    """
    found = encoding_of(path, encoding)
    if found in ("utf-8", "utf-8-sig") and not is_packed(path):
        deque(decoded(path, found), maxlen=0)
        return path
    copy = staging / f"{len(list(staging.iterdir()))}-text" / path.name
    copy.parent.mkdir()
    with copy.open("wb") as target:
        target.writelines(text.encode() for text in decoded(path, found))
    return copy


def encoding_of(path: Path, encoding: str) -> str:
    """Return the encoding that a byte-order mark tells, else the one given."""
    try:
        known = codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise UsageError(f"Unknown encoding {encoding!r}; for example utf-8, utf-16, cp1252, koi8-r.") from None
    if not known._is_text_encoding or known.name.replace("-", "_") in _NO_TEXT:
        raise UsageError(f"encoding = {encoding!r} is no encoding of text; for example utf-8, utf-16, cp1252, koi8-r.")
    start = first_bytes(path, 4)
    return next((name for bom, name in _BOMS if start.startswith(bom)), known.name)


def first_bytes(path: Path, count: int) -> bytes:
    """Return the beginning of a file, unpacked."""
    return next(_chunks(path, count), b"")


def is_packed(path: Path) -> bool:
    """Tell whether the file is gzipped, by its ending."""
    return path.suffix.lower() == ".gz"


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """Give the text of a file in pieces.

    Raises:
        CxError: Not written in the encoding, cut off, or holding the character NUL, which no text does.
    """
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 1
    try:
        for chunk in _chunks(path, _CHUNK):
            text = decoder.decode(chunk)
            if "\0" in text:
                line = lines + text[: text.index("\0")].count("\n")
                raise CxError(
                    f"{path.name}: line {line} holds the character NUL: the file is damaged, "
                    "or not written in " + encoding + " (utf-16-le without a mark, for example)."
                )
            lines += text.count("\n")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + bytes(error.object[: error.start]).count(b"\n")
        raise CxError(
            f"{path.name} is not written in {encoding}: line {line} cannot be read. Say encoding = … in the mapping; "
            "common ones are cp1252, cp1250, koi8-r, utf-16."
        ) from None
    except UnicodeError:
        raise CxError(f"{path.name} is not written in {encoding}. Say encoding = … in the mapping.") from None


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    read, most = 0, max(_MOST_UNPACKED, _MOST_RATIO * path.stat().st_size)
    try:
        with cast("IO[bytes]", gzip.open(path)) if is_packed(path) else path.open("rb") as file:
            while chunk := file.read(size):
                read += len(chunk)
                if read > most and is_packed(path):
                    raise CxError(f"{path.name} unpacks to more than {_MOST_RATIO} times its size; unpack it by hand.")
                yield chunk
    except EOFError:
        raise CxError(f"{path.name} is cut off: the packed file ends too early.") from None
    except (gzip.BadGzipFile, zlib.error):
        raise CxError(f"{path.name} is no gzip file, or a damaged one.") from None
