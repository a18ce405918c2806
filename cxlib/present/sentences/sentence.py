"""A sentence as notebooks show it: Markdown in which nothing from the data can become markup."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

LONGEST = 60
_MARKUP = re.compile(r"[&<>*_`\[\]\\$|~^#@!{}\"]|(?<=:)/|(?<=www)\.", re.IGNORECASE)
_LIST_OR_RULE = re.compile(r"\A(\d*)([-+=.)])")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Plain text; several lines are several statements, shown as a list."""

    text: str

    def __str__(self) -> str:
        """Return the plain text."""
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        lines = [_escaped(line) for line in self.text.split("\n")]
        text = "\n".join(f"- {line}" for line in lines) if len(lines) > 1 else lines[0]
        return {"text/markdown": text, "text/plain": self.text}


def plain(text: str, longest: int = LONGEST) -> str:
    """Return text of the data as one line without control or direction characters, cut at `longest` characters."""
    visible = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def capital(text: str) -> str:
    """Return text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]


def _escaped(line: str) -> str:
    """Replace by character references what Markdown, HTML, mathematics or automatic links could read as markup."""
    text = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", line)
    return _LIST_OR_RULE.sub(lambda match: f"{match[1]}&#{ord(match[2])};", text)
