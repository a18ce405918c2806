"""Whatever the data hold stays text on a page."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, strategies as st

from cxlib.report import safe

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> <a href='javascript:alert(3)'>x</a>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="5" viewBox="0 0 5 5">'


def tags(html: str) -> set[str]:
    return set(re.findall(r"<\s*([a-zA-Z]+[1-6]?)", html))


def test_html_in_markdown_is_shown_as_text() -> None:
    html = safe.markdown(f"**fell** {HOSTILE}\n\n{HOSTILE}\n\n## A {HOSTILE}")
    assert tags(html) == {"p", "strong", "h2"}
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3


def test_a_picture_or_a_script_link_in_markdown_does_not_load_or_run() -> None:
    html = safe.markdown("![x](https://example.org/x.png) [y](javascript:alert(1)) [z](data:text/html,x)")
    assert "<img" not in html
    assert "javascript:" not in html
    assert "data:" not in html


def test_a_markdown_table_stays_a_table() -> None:
    assert tags(safe.markdown("|a|b|\n|-|-|\n|1|<b>|")) == {"table", "thead", "tbody", "tr", "th", "td"}


def test_a_table_keeps_its_cells_and_shows_everything_else_as_text() -> None:
    html = safe.table(
        f'<table><tr><th scope="col" onclick="x()">a</th><td style="color:red" class="number">{HOSTILE}</td>'
        "</tr></table><iframe src=x></iframe><style>a{}</style>"
    )
    assert tags(html) <= {"table", "tbody", "tr", "th", "td", "a"}
    assert '<th scope="col">a</th>' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert not re.search(r"<[^>]*(onclick|onerror|style|javascript)", html)


def test_a_picture_keeps_shapes_and_letters_only() -> None:
    html = safe.svg(
        f"{SVG}<script>alert(1)</script><foreignObject><b>x</b></foreignObject>"
        "<a xlink:href='javascript:x'><text>t</text></a>"
        '<image href="https://example.org/x.png"/><style>*{}</style>'
        '<g onclick="x()" style="fill:red" clip-path="url(#c1)"><path d="M0,0h5" fill="url(https://example.org/p)"/></g>'
        '<defs><clipPath id="c1"><rect width="5"/></clipPath></defs><text>&lt;b&gt;</text></svg>',
        prefix="f1-",
        label='Satisfaction "fell" <b>',
    )
    assert tags(html) == {"svg", "g", "path", "defs", "clipPath", "rect", "text"}
    assert 'clip-path="url(#f1-c1)"' in html
    assert 'id="f1-c1"' in html
    assert "example.org" not in html
    assert not re.search(r"<[^>]*(onclick|style|href)=", html)
    assert Xml.fromstring(html).get("aria-label") == 'Satisfaction "fell" <b>'
    assert Xml.fromstring(html).get("viewBox") == "0 0 5 5"


@given(st.text())
def test_plain_text_never_opens_an_element(text: str) -> None:
    assert "<" not in safe.plain(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("File /home/anna/desk/cxlib/store/folder.py:33, in open", "File …/folder.py:33, in open"),
        ("No such file: '/home/anna b/my desk/x.csv'", "No such file: &#x27;…/x.csv&#x27;"),
        (r"C:\Users\anna\x.csv", "…/x.csv"),
        ("see https://example.org/a/b, 3/4, yes/no/maybe", "see https://example.org/a/b, 3/4, yes/no/maybe"),
        ("~/desk/x.py", "…/x.py"),
        ("\x1b[0;31mValueError\x1b[0m: a < b", "ValueError: a &lt; b"),
    ],
)
def test_paths_of_the_machine_are_shortened_and_nothing_else(text: str, shown: str) -> None:
    assert safe.plain(text) == shown
