"""Mappings with a mistake: refused before a row is written."""

from tests.bad_inputs.settings import DEEP

TABLES = '[[tables]]\ntable = "tickets"\n[tables.columns]\nticket_id = "No"\ncreated_at = "Opened"\n'
ZONE = 'timezone = "UTC"\n'


def _column(spec: str) -> str:
    """Return a mapping whose column `subject` is told by this text."""
    return f"{ZONE}{TABLES}subject = {spec}\n"


def of_file(*lines: str) -> str:
    """Return a mapping whose one entry of [files] has these lines."""
    return ZONE + "[files.f]\n" + "\n".join(lines) + "\n" + TABLES


MAPPINGS = (
    # not TOML, or no mapping
    "", "timezone", "[", DEEP, "\x00", ZONE, TABLES, ZONE + "tables = 5\n", ZONE + "tables = [1]\n",
    ZONE + "[tables]\ntable = 'tickets'\n", ZONE + "[[table]]\ntable = 'tickets'\n", ZONE + "files = 5\n" + TABLES,
    ZONE + "files = { f = 5 }\n" + TABLES, "time = 'UTC'\n" + TABLES,
    "timezone = 'Europe/Room'\n" + TABLES, "timezone = 5\n" + TABLES, "timezone = ''\n" + TABLES,
    # tables and columns
    ZONE + TABLES.replace("tickets", "ticket"), ZONE + TABLES.replace("tickets", "replies"),
    ZONE + TABLES.replace('"tickets"', "5"), ZONE + TABLES.replace("created_at", "create_at"),
    ZONE + TABLES.replace("ticket_id =", "subject ="), ZONE + TABLES.replace('created_at = "Opened"\n', ""),
    ZONE + '[[tables]]\ntable = "tickets"\ncolumns = 5\n', ZONE + '[[tables]]\ntable = "tickets"\ncolumns = ["No"]\n',
    ZONE + '[[tables]]\ntable = "tickets"\n', ZONE + TABLES.replace('"Opened"', '"Opend"'),
    ZONE + TABLES.replace('"No"', '""'), _column("5"), _column("[]"), _column("true"), _column("{}"),
    _column('{ column = "No", value = 1 }'), _column('{ column = "No", template = "{No}" }'), _column('{ colum = "No" }'),
    _column('{ column = "Nothing" }'), _column('{ template = "{" }'), _column('{ template = "{Nothing}" }'),
    _column('{ column = "No", scale = "x" }'), _column('{ column = "No", values = "x" }'), _column('{ column = 5 }'),
    _column('{ column = "No", decimal = ",," }'), _column('{ column = "No", decimal = ".", thousands = "." }'),
    _column('{ column = "No", decimal = "5" }'), _column('{ column = "No", timezone = "Mars" }'),
    _column('{ column = "No", formats = "%Y" }'), _column('{ column = "No", day_first = "yes" }'),
    _column('{ column = "No", no_answer = 5 }'),
    # files
    of_file("format = 'exel'"), of_file("format = 5"), of_file("delimiter = 5"), of_file("delimiter = ';;'"),
    of_file("encoding = 'utf-9'"), of_file("encoding = ''"), of_file("encoding = 'hex'"), of_file("encoding = 'rot13'"),
    of_file("delimiter = '\u20ac'"), of_file("encoding = 5"), of_file("decimal = ''"), of_file("decimal = '.'", "thousands = '.'"),
    of_file("thousands = '10'"), of_file("skip_rows = -1"), of_file("skip_rows = 1.5"), of_file("skip_rows = 'one'"),
    of_file("skip_rows = 99999999999999999999"), of_file("match = 5"), of_file("match = 'nope*.csv'"), of_file("fields = 5"),
    of_file("format = 'fixed'"), of_file("format = 'fixed'", "fields = { No = 5 }"),
    of_file("format = 'fixed'", "fields = { No = [5, 1] }"), of_file("format = 'fixed'", "fields = { No = [0, 3] }"),
    of_file("day_first = 'yes'"), of_file("missing = 5"), of_file("matches = '*'"), of_file("sheet = 5"),
    of_file("format = 'excel'"), of_file("format = 'parquet'"), of_file("format = 'jsonl'"),
    ZONE + "[files.a]\n[files.b]\n" + TABLES, ZONE + TABLES.replace("[tables.columns]", 'file = "b"\n[tables.columns]'),
    ZONE + TABLES.replace("[tables.columns]", 'where = { Nothing = ["x"] }\n[tables.columns]'),
    ZONE + TABLES.replace("[tables.columns]", "where = 5\n[tables.columns]"),
    ZONE + TABLES.replace("[tables.columns]", "one_per_key = 5\n[tables.columns]"),
    ZONE + TABLES.replace("[tables.columns]", "each = 5\n[tables.columns]"),
    # events and settings
    ZONE + "events = 5\n", ZONE + "[events]\n", ZONE + "[events.columns]\nticket_id = 'No'\n",
    ZONE + "[events]\ncolumns = { ticket_id = 'No', happened_at = 'Opened', activity = 'Via' }\n",
    ZONE + "[events]\ncolumns = { ticket_id = 'No', happened_at = 'Opened', activity = 'Via' }\nactivities = { x = ['y'] }\n",
    ZONE + "[events]\ncolumns = { ticket_id = 'No', happened_at = 'Opened', activity = 'Via' }\nactivities = 5\n",
    ZONE + TABLES + "[settings]\nmin_grop = 3\n", ZONE + "settings = 5\n" + TABLES,
    ZONE + TABLES + "[settings]\ncurrency = 'Euro'\n", ZONE + TABLES + "[settings.windows]\nreopen_days = 36500\n",
    ZONE + "extracted_at = 'today'\n" + TABLES, ZONE + "extracted_at = 9999-12-31T23:59:59Z\n" + TABLES,
    ZONE + "extracted_at = 2026-10-31\n" + TABLES, ZONE + "extracted_at = 0001-01-01T00:00:00\n" + TABLES,
)  # fmt: skip
