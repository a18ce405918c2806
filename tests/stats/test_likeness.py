"""Likeness of short texts: against a loop over letters, in five languages and two alphabets, and in time."""

from __future__ import annotations

import math
import time
import unicodedata
from collections import Counter

import numpy as np
import polars as pl
import pytest

from cxlib.stats.text_similarity import ALIKE, alike, likeness, normalised, vectors

SAME = {
    "en": ("Where is my parcel?", "RE: where is my parcel 48213", "where is my parcle", "Where is my package?"),
    "pl": ("Gdzie jest moja paczka?", "gdzie jest moja pączka #12", "Gdzie jest moja paczka, proszę o pomoc"),
    "pt": ("Onde está a minha encomenda?", "onde esta a minha encomenda", "Onde está minha encomenda 123?"),
    "de": ("Wo bleibt mein Päckchen?", "AW: WO BLEIBT MEIN PÄCKCHEN", "Wo bleibt mein Packchen 7"),
    "ru": ("Где моя посылка?", "ГДЕ МОЯ ПОСЫЛКА 1234", "Где же моя посылка?"),
}
OTHER = {
    "en": ("Please change my order", "Please correct my address", "Question about invoice", "Cannot log in"),
    "pl": ("Proszę o zmianę zamówienia", "Proszę o zwrot pieniędzy", "Pytanie o fakturę"),
    "pt": ("Alterar a encomenda", "Dúvida sobre a fatura", "Falta um artigo"),
    "de": ("Adresse ändern", "Bestellung bitte ändern", "Frage zur Rechnung"),
    "ru": ("Вопрос по счёту", "Верните деньги", "Измените заказ"),
}


def plain(*texts: str) -> pl.Series:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(normalised(pl.col("text"))).to_series()


def groups(*texts: str) -> list[int]:
    return [int(place) for place in alike(vectors(plain(*texts)))]


def by_hand(texts: list[str]) -> list[list[float]]:
    """Return the cosines of all pairs by dictionaries of three-letter pieces."""
    pieces = [{f" {text} "[i : i + 3] for i in range(len(text))} for text in texts]
    seen = Counter(piece for own in pieces for piece in own)
    weights = [{piece: math.log((1 + len(texts)) / (1 + seen[piece])) + 1 for piece in own} for own in pieces]
    long = [math.sqrt(sum(value**2 for value in own.values())) for own in weights]
    return [
        [sum(one[p] * two.get(p, 0.0) for p in one) / (long[i] * long[j]) for j, two in enumerate(weights)]
        for i, one in enumerate(weights)
    ]


def test_normal_forms_have_neither_case_nor_accents_nor_digits() -> None:
    texts = (
        "  Re: FW: Łódź, 12 żółw!",
        "AW: Straße",
        "Ёлка №5",
        "Não há café?",
        "12345 !?",
        "=1+1; DROP TABLE--",
        "re",
    )
    expected = ["lodz zolw", "strasse", "елка", "nao ha cafe", "", "drop table", "re"]
    assert plain(*texts).to_list() == expected
    for text, form in zip(texts[:4], expected, strict=False):
        assert not [letter for letter in form if unicodedata.combining(letter)], text


def test_likeness_is_the_cosine_a_loop_finds() -> None:
    texts = plain(*SAME["en"], *OTHER["en"], *SAME["ru"], *OTHER["de"]).unique(maintain_order=True)
    rows, expected = vectors(texts), by_hand(texts.to_list())
    one, other = (side.ravel() for side in np.indices((len(texts), len(texts))))
    assert likeness(rows, one, other) == pytest.approx(np.array(expected).ravel(), abs=1e-9)


@pytest.mark.parametrize("language", list(SAME))
def test_one_request_in_other_words_of_a_language_is_one(language: str) -> None:
    same, other = SAME[language], OTHER[language]
    found = groups(*same, *other)
    assert set(found[: len(same)]) == {0}
    assert found[len(same) :] == list(range(len(same), len(same) + len(other)))


def test_languages_are_kept_apart() -> None:
    texts = [line for lines in SAME.values() for line in lines]
    found = groups(*texts)
    homes = [name for name, lines in SAME.items() for _ in lines]
    assert len({(home, place) for home, place in zip(homes, found, strict=True)}) == len(SAME)


def test_every_member_is_like_the_first_of_its_group() -> None:
    words = plain(*(" ".join(OTHER[name]) for name in OTHER))[0].split() + plain(*SAME["pl"])[1].split()
    rng = np.random.default_rng(4)
    texts = pl.Series([" ".join(rng.choice(words, 4)) for _ in range(400)]).unique(maintain_order=True)
    rows = vectors(texts)
    found = alike(rows)
    assert (found <= np.arange(len(texts))).all()
    assert (found[found] == found).all()
    moved = np.flatnonzero(found != np.arange(len(texts)))
    assert len(moved) > 20
    assert likeness(rows, moved, found[moved]).min() >= ALIKE


def test_nothing_and_one_text_are_no_groups() -> None:
    assert groups() == []
    assert groups("Where is it?") == [0]


def test_eighty_thousand_different_subjects_take_seconds() -> None:
    words = sorted({word for lines in (*SAME.values(), *OTHER.values()) for word in plain(" ".join(lines))[0].split()})
    rng = np.random.default_rng(1)
    sizes, drawn = rng.integers(3, 9, 82_000), rng.integers(len(words), size=(82_000, 8)).tolist()
    lines = [" ".join(words[place] for place in row[:size]) for row, size in zip(drawn, sizes, strict=True)]
    texts = pl.Series(lines).unique(maintain_order=True).head(80_000)
    assert len(texts) > 75_000
    start = time.process_time()
    found = alike(vectors(texts))
    assert time.process_time() - start < 12  # CPU time of a busy machine; about 3 s
    assert len(np.unique(found)) < len(texts)
