"""Faults that are known and not yet mended; a row that works all the same fails, so that it is taken out."""

from tests.bad_inputs.files import ERROR, GOOD, HEAD, gz
from tests.bad_inputs.mappings import of_file

PENDING: set[object] = {
    of_file("encoding = 'hex'"), of_file("encoding = 'rot13'"), of_file("delimiter = '\u20ac'"),
    of_file("skip_rows = 99999999999999999999"), of_file("match = 'nope*.csv'"), of_file("format = 'jsonl'"),
    ("tickets.csv.gz", gz(HEAD + GOOD, cut=9), ERROR), ("tickets.csv.gz", b"\x1f\x8b", ERROR),
}  # fmt: skip
