"""Which short texts say the same: likeness of their letters, in any alphabet, with nothing but numpy and scipy.

Three letters at a time (Cavnar & Trenkle 1994), rare ones weighing more (Sparck Jones 1972), likeness by cosine. Texts
are compared only where a sketch agrees (Broder 1997), so that eighty thousand take seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cxlib.stats.intervals import Array, Places

ALIKE = 0.5
BITS, BANDS, ROUNDS, SEED = 20, 12, 2, 1
SHARED = 0.25  # of two sketches; fewer are not compared
_PREFIXES = r"^(?:(?:re|fwd?|aw|wg|odp|pd|enc|res|отв|пер)\s*:\s*)+"
_LETTERS = {"ł": "l", "ß": "ss", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}


def normalised(text: pl.Expr) -> pl.Expr:
    """Return lower-case words without accents, digits, signs and "Re:"; empty where nothing is left."""
    words = text.str.to_lowercase().str.strip_chars().str.replace(_PREFIXES, "").str.replace_all(r"[^\p{L}\p{M}]+", " ")
    bare = words.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.replace_many(_LETTERS)
    return bare.str.strip_chars()


def vectors(texts: pl.Series) -> Any:
    """Return one row a text: weights of its three-letter pieces, hashed, of length 1; a scipy matrix."""
    from scipy.sparse import csr_matrix

    row, piece = _pieces(texts)
    found = csr_matrix((np.ones(len(row)), (row, piece)), shape=(len(texts), 1 << BITS))
    found.data[:] = 1.0
    seen = np.bincount(found.indices, minlength=1 << BITS)
    found.data = np.log((1 + len(texts)) / (1 + seen))[found.indices] + 1.0
    length = np.sqrt(np.add.reduceat(found.data**2, found.indptr[:-1])) if len(texts) else np.ones(0)
    found.data /= np.repeat(length, np.diff(found.indptr))
    return found


def likeness(rows: Any, one: Places, other: Places) -> Array:
    """Return the cosines of pairs of rows: 0 nothing in common, 1 the same."""
    return np.asarray(rows[one].multiply(rows[other]).sum(axis=1), dtype=np.float64).ravel()


def alike(rows: Any) -> Places:
    """Return for each row the place of the text it is like: the first of its group, itself if none.

    Each text joins the earliest text of those it shares a sketch with, if they are alike: put frequent ones first.
    Every member is like the first of its group, so no chain of small differences joins two ends that are unlike.
    """
    count = rows.shape[0]
    root, least = np.arange(count), _least(rows)
    for _ in range(ROUNDS):
        leads = np.bincount(root, minlength=count) > 1
        free = (root == np.arange(count)) & ~leads
        one, other = _candidates(least, np.flatnonzero(free | leads))
        one, other = one[free[one]], other[free[one]]
        near = likeness(rows, one, other)
        one, other, near = one[near >= ALIKE], other[near >= ALIKE], near[near >= ALIKE]
        order = np.lexsort((other, -near, one))
        member, at = np.unique(one[order], return_index=True)
        to = np.arange(count)
        to[member] = other[order][at]
        while (to[to] != to).any():
            to = to[to]
        member = member[likeness(rows, member, to[member]) >= ALIKE]
        root[member] = root[to[member]]
    return root


def _candidates(least: Places, some: Places) -> tuple[Places, Places]:
    """Return pairs of a text and the first that shares two least pieces with it, if their sketches are not unlike."""
    pairs = []
    for band in range(0, len(least), 2):
        both = (least[band, some] << BITS) + least[band + 1, some]
        _, first, of = np.unique(both, return_index=True, return_inverse=True)
        pairs.append(some * least.shape[1] + some[first[of]])
    one, other = np.divmod(pl.Series(np.concatenate(pairs)).unique().sort().to_numpy(), least.shape[1])
    one, other = one[one != other], other[one != other]
    shared = sum((line[one] == line[other]).astype(np.int8) for line in least)
    near = shared >= SHARED * len(least)
    return one[near], other[near]


def _least(rows: Any) -> Places:
    """Return the least piece of each text in several random orders: equal as often as two texts overlap."""
    draw, orders = np.random.default_rng(SEED), []
    used, piece = np.unique(rows.indices, return_inverse=True)
    for _ in range(2 * BANDS):
        orders.append(np.minimum.reduceat(draw.permutation(len(used)).astype(np.int64)[piece], rows.indptr[:-1]))
    return np.array(orders)


def _pieces(texts: pl.Series) -> tuple[Places, Places]:
    """Return the number of the text and the hash of every three letters in a row, a space at either end."""
    letters = np.frombuffer("".join(f" {text} \n" for text in texts).encode("utf-32-le"), dtype=np.uint32)
    if not len(letters):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    ends = letters == ord("\n")
    row = np.cumsum(ends)
    code = letters.astype(np.uint64)
    mixed = (code[:-2] * 0x9E3779B1 + code[1:-1]) * 0x85EBCA77 + code[2:]
    mixed = (mixed * np.uint64(0xC2B2AE3D27D4EB4F)) >> np.uint64(64 - BITS)
    whole = (row[:-2] == row[2:]) & ~ends[:-2]
    return row[:-2][whole], mixed[whole].astype(np.int64)
