"""A mapping proposed from a file's headers and first rows, for a person to correct."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from cxlib.errors import CxError, UsageError, some_names
from cxlib.sources.mapped.mapping import EVENTS, FileSpec
from cxlib.sources.mapped.values import shape
from cxlib.sources.reading.dates import numeric_orders
from cxlib.sources.reading.delimited import SURPLUS
from cxlib.sources.reading.readers import TextFile, text_file
from cxlib.store.locks import own_folder
from cxlib.tables import TABLES
from cxlib.tables.columns import Column, Table

_SAMPLE = 1_000
# Headers that usually hold a column, most telling first; compared in lower case without punctuation. After the English
# ones German, Polish, Portuguese and Russian.
_NUMBER = "id, no, number, nr, nummer, ticketnummer, vorgang, numer, nr zgłoszenia, número, nº, номер, номер заявки, №"
_SOLVED = (
    "solved, resolved, closed, gelöst, gelöst am, erledigt, geschlossen, rozwiązano, zamknięto, resolvido, fechado, "
    "решено, закрыто"
)
_CUSTOMER = "client, client id, kunde, kundennummer, klient, cliente, клиент"
_HEADERS = {
    "events": """
        ticket_id: case id, ticket id, ticket, case, incident, request id
        happened_at: complete timestamp, timestamp, event time, time, date
        activity: activity, event, action, concept name
        agent_id: resource, agent, user, operator
        customer_id: customer id, customer, requester, client
        team: team, group, workgroup, queue
        brand: brand, product
        category: category, type, service type
        priority: priority, severity""",
    "tickets": """
        ticket_id: ticket id, ticket number, ticket, case number, case id, srrecordid, request id, unique id, issue key,
            clave de incidencia, {number}
        created_at: created at, created, created date, created time, create date, creada,
            createddate, creation date, opened at, issue reported at, opened,
            date opened, eröffnet, geöffnet, erstellt, erstellt am, eingang, utworzono, otwarto, data utworzenia,
            aberto, criado, data de abertura, открыто, создано, дата создания
        solved_at: solved at, resolved at, resolved time, resuelta, closedate, close date, resolution date, {solved}
        first_replied_at: first reply at, first response at, issue responded
        due_at: due at, due date, duedate
        channel: channel, channel name, methodreceived, source, via, kanal, kanał, canal, канал
        category: category, type, srtype, topic, kategorie, kategoria, categoria, категория
        status: status, srstatus, state, статус
        customer_id: customer id, customer, requester, {customer}, contact
        agent_id: agent, agent name, assignee, owner, bearbeiter, atendente, агент
        team: team, group, agency, supervisor, department
        priority: priority, severity
        brand: brand, product, product category
        subject: subject, title, betreff, temat, assunto, тема
        language: language""",
    "surveys": """
        survey_id: survey id, response id, respnum, unique id, ticket id, {number}
        answer: csat score, csat, satisfaction, nps, netpro, rating, score, effort, zufriedenheit, bewertung,
            ocena, satysfakcja, satisfação, avaliação, nota, оценка, рейтинг
        answered_at: survey response date, answered at, responded at, response date, submitted at, {solved}
        ticket_id: ticket id, case id, unique id, {number}
        customer_id: customer id, customer, respondent, {customer}
        agent_id: agent, agent name, assignee
        comment: comment, comments, customer remarks, feedback
        weight: weight""",
    "orders": """
        order_id: order id, order number, invoice, transaction id
        customer_id: customer id, customer, client
        ordered_at: order date, ordered at, order date time, date
        amount: amount, total, price, value, revenue, dollar value
        currency: currency""",
}
_ACTIVITIES = {
    "reopened": "reopen", "closed": "clos", "solved": "resolve|solve|complete", "taken": "take|assigned|accept|pick",
    "replied": "repl|respon|answer", "pending": "wait|pending|hold",
}  # fmt: skip
# Words of a channel, in any of these languages.
_CHANNELS = {
    "email": "mail|почта", "phone": "phone|tele|call|anruf|звон", "chat": "chat|czat|чат", "web": "web|form|форма",
}  # fmt: skip
_TABLES = (EVENTS, TABLES["tickets"], TABLES["surveys"], TABLES["orders"])
_KINDS = {"nps": "nps|net ?pro|recommend", "effort": "effort", "csat": ""}


def draft_mapping(path: Path) -> str:
    """Return a proposed mapping file for one file, as TOML text with remarks; it fills what the headers let guess.

    Raises:
        UsageError: No such file, or one of fixed width, which has no headers to go by.
        CxError: The file is empty or unreadable.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    spec, sample = _sample(path)
    tables = _recognised(sample.columns)
    if tables and tables[0][0] is EVENTS:
        tables = tables[:1]
    if len(tables) == 1 and tables[0][1].get("ticket_id") == tables[0][1].get("survey_id", ""):
        del tables[0][1]["ticket_id"]  # the number of an answer alone is no ticket's
    used = {header for _, found in tables for header in found.values()}
    rest = [name for name in sample.columns if name not in used]
    lines = [
        f"# Proposed from the headers of {path.name}: check every line.",
        'timezone = "UTC"  # zone in which the file tells time, and the report too',
        "",
        "[files.file]",
        f"match = {_quoted('*' + path.suffix)}",
        *(f"{name} = {_literal(told)}" for name, told in spec.items()),
    ]
    for table, found in tables:
        lines += ["", *_block(table, found, sample)]
    if not tables:
        lines += ["", *_unrecognised(sample)]
    return "\n".join([*lines, "", *(["# Not used: " + ", ".join(rest)] if rest and tables else [])]) + "\n"


def _sample(path: Path) -> tuple[dict[str, str | int], pl.DataFrame]:
    """Return the options by which a file is read, and its first rows; of several sheets, of one that is recognised."""
    try:
        encoding, (text, rows) = "", _first_rows(path, FileSpec())
    except CxError as error:
        try:
            encoding, (text, rows) = "cp1252", _first_rows(path, FileSpec(encoding="cp1252"))
        except CxError:
            raise error from None
    for name in () if _recognised(rows.columns) else text.others:
        other, others_rows = _first_rows(path, FileSpec(sheet=name))
        if _recognised(others_rows.columns):
            text, rows = replace(other, found={**other.found, "sheet": name}), others_rows
            break
    found = {name: told for name, told in {**text.found, "encoding": encoding}.items() if told}
    return found, rows


def _first_rows(path: Path, spec: FileSpec) -> tuple[TextFile, pl.DataFrame]:
    with own_folder() as staging:
        text = text_file(path, spec, staging=staging)
        return text, text.frame.head(_SAMPLE).collect().drop(SURPLUS, strict=False)


def _recognised(headers: Iterable[str]) -> list[tuple[Table, dict[str, str]]]:
    names = list(headers)
    return [(table, found) for table in _TABLES if (found := _recognise(table, names))]


def _words(header: str) -> str:
    return re.sub(r"[\W_]+", " ", header.lower().replace("№", "no")).strip()


def _recognise(table: Table, headers: Iterable[str]) -> dict[str, str]:
    """Return column → header for a table, nothing unless its key, and what it cannot do without, are there."""
    by_words = {_words(header): header for header in reversed(list(headers))}
    found: dict[str, str] = {}
    for line in re.sub(r",\n\s+", ", ", _HEADERS[table.name]).split("\n")[1:]:
        column, _, names = line.strip().format(number=_NUMBER, solved=_SOLVED, customer=_CUSTOMER).partition(": ")
        if header := next((by_words[words] for name in names.split(", ") if (words := _words(name)) in by_words), None):
            found[column] = header
    needed = {column.name for column in table.columns if column.required and column.name != "kind"}
    needed |= {"answer"} if table.name == "surveys" else {"amount"} if table.name == "orders" else set()
    return found if needed <= found.keys() else {}


def _block(table: Table, found: Mapping[str, str], sample: pl.DataFrame) -> Iterator[str]:
    yield from ("[events]", "[events.columns]") if table is EVENTS else ("[[tables]]", f'table = "{table.name}"')
    if table is not EVENTS:
        yield "[tables.columns]"
    for name, header in found.items():
        yield _line(table[name], header, sample[header])
    if table.name == "surveys":
        yield from _scale(found["answer"], sample[found["answer"]])
    if table is EVENTS:
        yield from _activities(sample[found["activity"]])


def _unrecognised(sample: pl.DataFrame) -> Iterator[str]:
    yield "# No table is recognised in the columns. Choose one, take the # away, and write a column of that table"
    yield "# (data/DICTIONARY.md lists them) before each header that fills one."
    yield from (
        "# [[tables]]",
        '# table = "tickets"  # or surveys, orders, messages, customers …',
        "# [tables.columns]",
    )
    for name in sample.columns:
        yield f"# … = {_quoted(name)}  # {_shapes(sample[name])}"


def _shapes(texts: pl.Series) -> str:
    """Describe the texts of a column without repeating any: 9 for each digit, a for each word."""
    filled = texts.drop_nulls()
    some = filled.to_frame("of").select(shape(pl.col("of")).unique(maintain_order=True)).to_series().head(3).to_list()
    return f"{filled.n_unique():,} different, such as {' or '.join(some)}" if some else "nothing in it"


def _line(column: Column, header: str, texts: pl.Series) -> str:
    if column.choices:
        seen = texts.drop_nulls().unique().sort().head(30)
        pairs = [f"{_quoted(text)} = {_quoted(_choice(text, column.choices))}" for text in seen]
        return f"{column.name} = {{ column = {_quoted(header)}, values = {{ {', '.join(pairs)} }} }}"
    if column.kind == "instant":
        filled = texts.drop_nulls()
        for form, pattern in (("unix", r"^[0-9]{10}$"), ("unix_ms", r"^[0-9]{13}$")):
            if len(filled) and filled.str.contains(pattern).all():
                return f'{column.name} = {{ column = {_quoted(header)}, formats = ["{form}"] }}'
        order = texts.to_frame("dates").select(numeric_orders({"dates": pl.col("dates")})).item()
        if order["differ"] and order["day"] == order["month"]:
            remark = "# say day_first = true or false: the dates do not tell"
            return f"{column.name} = {{ column = {_quoted(header)} }}  {remark}"
    return f"{column.name} = {_quoted(header)}"


def _choice(text: str, choices: tuple[str, ...]) -> str:
    words = _words(text)
    guess = next((choice for choice in choices if choice in words.split()), "") or next(
        (choice for choice, pattern in _CHANNELS.items() if choice in choices and re.search(pattern, words)), ""
    )
    return guess or ("other" if "other" in choices else "solved" if re.search("resol|complet", words) else "open")


def _scale(header: str, answers: pl.Series) -> Iterator[str]:
    kind = next(kind for kind, pattern in _KINDS.items() if re.search(pattern, _words(header)))
    highest = answers.cast(pl.Float64, strict=False).max()
    low, high = (0, 10) if kind == "nps" else (1, max(int(str(highest).split(".")[0]) if highest is not None else 5, 5))
    yield f'kind = {{ value = "{kind}" }}  # csat, effort, ease, nps, repurchase'
    yield f"scale_low = {{ value = {low} }}"
    yield f'scale_high = {{ value = {high} }}  # check: codes for "no answer" belong into no_answer = [...]'
    yield f"high_is_good = {{ value = {'false' if kind == 'effort' else 'true'} }}"


def _activities(activities: pl.Series) -> Iterator[str]:
    names = activities.drop_nulls().unique().sort().to_list()
    meanings = {
        name: next((meaning for meaning, pattern in _ACTIVITIES.items() if re.search(pattern, name.lower())), "")
        for name in names
    }
    yield from ("", "[events.activities]  # closed_by_timer, reopened, replied … : see data/mappings/README.md")
    for meaning in _ACTIVITIES:
        if meant := [name for name in names if meanings[name] == meaning]:
            yield f"{meaning} = [{', '.join(map(_quoted, meant))}]"
    if without := [name for name in names if not meanings[name]]:
        yield f"# without a meaning: {some_names(map(_quoted, without))}"


def _literal(told: str | int) -> str:
    return str(told) if isinstance(told, int) else _quoted(told)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
