"""JSON read piece by piece: the elements of lists however long, with no more in memory than one of them."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from cxlib.errors import CxError

_CHUNK = 1 << 20
_BETWEEN = " \t\r\n,\x1e"  # 1E stands before each document of a JSON text sequence
_DEEPEST = 4
_LONGEST_MARK = 16  # letters of an escape or a word that may be cut off
Place = tuple[str, ...]


class Piece(NamedTuple):
    """A value and its place, names from outside in; `element` if it is one of the list at that place."""

    place: Place
    element: bool
    value: Any


def pieces(path: Path) -> Iterator[tuple[int, Piece]]:
    """Give the number of a document and its pieces: elements of its lists, and its plain values.

    Raises:
        CxError: No JSON.
    """
    with path.open(encoding="utf-8-sig") as file:
        stream, number = _Stream(file, path.name), 0
        while stream.next_mark():
            for piece in stream.walk(()):
                yield number, piece
            number += 1


def documents(path: Path) -> Iterator[Any]:
    """Give the documents of a file, one after another.

    Raises:
        CxError: No JSON.
    """
    with path.open(encoding="utf-8-sig") as file:
        stream = _Stream(file, path.name)
        while stream.next_mark():
            yield stream.value()


class _Stream:
    def __init__(self, file: TextIO, name: str) -> None:
        self._file, self._name = file, name
        self._text, self._at, self._line, self._ended = "", 0, 1, False
        self._decode = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None).raw_decode

    def next_mark(self) -> str:
        """Return the character that the next value begins with, "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BETWEEN:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def walk(self, place: Place) -> Iterator[Piece]:
        """Give the pieces of the next value."""
        mark = self.next_mark()
        found, value = self._value_at_hand()
        if found or mark not in ("{", "[") or len(place) >= _DEEPEST:
            yield from _walk(value if found else self.value(), place)
            return
        self._at += 1
        while (following := self.next_mark()) not in ("]", "}", ""):
            if mark == "[":
                yield Piece(place, True, self.value())
            elif following == '"':
                key = str(self.value())
                self._expect(":")
                yield from self.walk((*place, key))
            else:
                raise self._error(self._at)
        self._expect("]" if mark == "[" else "}")

    def value(self) -> Any:
        """Return the next value as a whole."""
        while True:
            found, value = self._value_at_hand()
            if found:
                return value
            self._more(len(self._text))

    def _value_at_hand(self) -> tuple[bool, Any]:
        """Return whether the text at hand holds the next value to its end, and the value."""
        try:
            value, end = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            if self._ended or not self._may_go_on(error):
                raise self._error(error.pos) from None
            return False, None
        except RecursionError:
            raise CxError(f"{self._name} cannot be read: its JSON is nested too deeply.") from None
        except ValueError:
            raise CxError(f"{self._name} cannot be read: it holds a number of thousands of digits.") from None
        if end == len(self._text) and not self._ended and self._text[end - 1] not in '}]"':
            return False, None  # a number may go on
        self._at = end
        return True, value

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Tell whether more text could mend an error: an open string, or one at the end of the text at hand."""
        return error.msg.startswith("Unterminated") or error.pos > len(self._text) - _LONGEST_MARK

    def _expect(self, mark: str) -> None:
        if self.next_mark() != mark:
            raise self._error(self._at)
        self._at += 1

    def _more(self, least: int = 0) -> bool:
        """Read on; return whether there was anything."""
        self._line += self._text.count("\n", 0, self._at)
        piece = self._file.read(max(_CHUNK, least))
        self._text, self._at, self._ended = self._text[self._at :] + piece, 0, not piece
        return bool(piece)

    def _error(self, at: int) -> CxError:
        return CxError(f"{self._name} is no JSON: line {self._line + self._text.count(chr(10), 0, at)} cannot be read.")


def _walk(value: Any, place: Place) -> Iterator[Piece]:
    if isinstance(value, dict) and len(place) < _DEEPEST:
        for key, inner in value.items():
            yield from _walk(inner, (*place, key))
    elif isinstance(value, list):
        yield from (Piece(place, True, element) for element in value)
    else:
        yield Piece(place, False, value)
