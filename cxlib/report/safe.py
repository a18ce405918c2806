"""Text, tables and pictures of a notebook, made safe to publish: whatever the data hold stays text.

Markdown never passes HTML through, tables keep only the elements a table needs, pictures only shapes and letters, and
no path of the machine is shown.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from cxlib.store.folder import project_root

_PATH = re.compile(r"(?<![\w:/.<…])(?:[A-Za-z]:|~)?[\\/](?:[^\\/\s:'\"<>|]+[\\/])+")
_QUOTED = re.compile(r"(['\"])(?:[A-Za-z]:|~)?[\\/][^'\"\n]*[\\/](?=[^'\"\n]*\1)")
_PLAIN = Path(__file__).parent / "templates" / "cx" / "plain.html"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SHAPES = {
    "svg", "g", "path", "rect", "line", "circle", "polyline", "polygon", "text", "tspan", "defs", "clipPath",
    "linearGradient", "stop", "title", "desc",
}  # fmt: skip
_TABLE_TAGS = {
    "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td", "div", "span", "p", "br",
    "strong", "em", "b", "i", "small", "sup", "sub", "code", "ul", "ol", "li", "dl", "dt", "dd", "h3", "h4", "section",
    "a", "abbr", "time",
}  # fmt: skip
_ATTRIBUTES = {
    "*": ["class", "title", "lang", "role", "aria-label", "aria-hidden"],
    "a": ["href"],
    **{tag: ["colspan", "rowspan", "scope", "headers"] for tag in ("th", "td")},
}


def plain(text: str) -> str:
    """Return text for a page: no terminal colours, no paths of this machine, escaped."""
    return html.escape(without_paths(_ANSI.sub("", text)))


def without_paths(text: str) -> str:
    """Shorten every absolute path to its last part.

    >>> without_paths("File /opt/one/two/store.py:12, see https://example.org/a/b")
    'File …/store.py:12, see https://example.org/a/b'
    """
    for folder in (project_root().resolve(), Path(sys.prefix), Path.home()):
        if len(folder.parts) > 1:
            text = text.replace(f"{folder}/", "…/")
    return _PATH.sub("…/", _QUOTED.sub(r"\1…/", text)).replace("…/…/", "…/")


def markdown(text: str) -> str:
    """Return Markdown as HTML: headings with an id, tables, no raw HTML, no pictures.

    >>> markdown("a <b>*bold*</b> ![x](https://example.org/x.png)")
    '<p>a &lt;b&gt;<em>bold</em>&lt;/b&gt; x</p>\\n'
    >>> markdown("answered&#95;at &#60;b&#62;")  # a character reference is its character, never markup
    '<p>answered_at &lt;b&gt;</p>\\n'
    """
    import mistune

    class Renderer(mistune.HTMLRenderer):
        def text(self, text: str) -> str:
            return html.escape(html.unescape(text))

        def heading(self, text: str, level: int, **_: Any) -> str:
            return f'<h{level} id="{anchor(text)}">{text}</h{level}>\n'

        def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
            return text

    render = mistune.create_markdown(renderer=Renderer(escape=True), plugins=["table"])
    return str(render(text))


def inline(text: str) -> str:
    """Return one line of Markdown as HTML without a paragraph around it."""
    return markdown(text).strip().removeprefix("<p>").removesuffix("</p>")


def anchor(heading: str) -> str:
    """Return the id of a heading.

    >>> anchor("By <em>channel</em>, now?")
    'by-channel-now'
    """
    return re.sub(r"[^\w]+", "-", re.sub(r"<[^>]*>|&\w+;", "", heading).lower()).strip("-")


def table(text: str) -> str:
    """Return the HTML of a table with every element and attribute a table does not need shown as text."""
    import bleach  # type: ignore[import-untyped]

    cleaned = bleach.clean(text, tags=_TABLE_TAGS, attributes=_ATTRIBUTES, protocols=["https", "http", "mailto"])
    return str(cleaned)


def page(title: str, body: str, *, style: str, language: str) -> str:
    """Return a page without scripts; title and body are HTML already, `style` is the address of the style sheet."""
    values = {"title": title, "body": body, "style": style, "language": html.escape(language)}
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: values[match[1]], _PLAIN.read_text(encoding="utf-8"))


def svg(text: str, *, prefix: str, label: str) -> str:
    """Return a picture that holds only shapes and letters, its ids made unique on the page.

    Args:
        text: The SVG document.
        prefix: Put before every id.
        label: What a screen reader says.

    Raises:
        xml.etree.ElementTree.ParseError: Not well-formed.
    """
    from defusedxml.ElementTree import fromstring

    root = fromstring(text)
    _clean(root, prefix)
    root.set("role", "img")
    root.set("aria-label", label)
    return Xml.tostring(root, encoding="unicode")


def _clean(element: Xml.Element, prefix: str) -> None:
    element.tag = _local(element.tag)
    element.attrib = dict(_attributes(element.attrib, prefix))
    for child in list(element):
        if not isinstance(child.tag, str) or _local(child.tag) not in _SHAPES:
            element.remove(child)
        else:
            _clean(child, prefix)


def _attributes(attributes: dict[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if name.startswith(("{", "on")) or name in ("style", "href", "xmlns"):
            continue
        if name == "id":
            yield name, prefix + value
        elif "url(" not in value:
            yield name, value
        elif match := re.fullmatch(r"url\(['\"]?#([\w-]+)['\"]?\)", value.strip()):
            yield name, f"url(#{prefix}{match[1]})"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
