"""What tables are declared with: columns of a kind, with a meaning, and the values they may hold."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "instant", "day", "minutes", "number", "money", "integer", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind and meaning; `references` names the table whose key it holds, `choices` its values."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    derived: bool = False
    references: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: name, meaning, columns; the first column is the key. `derived` tables are laid by `cxlib.derive`."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    derived: bool = False

    @property
    def key(self) -> str:
        """Name of the key column."""
        return self.columns[0].name

    @property
    def given(self) -> tuple[Column, ...]:
        """Columns that a source may fill."""
        return tuple(column for column in self.columns if not column.derived)

    def __getitem__(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


MOST_WEIGHT = 1e9  # a survey weight beyond it is no weight
CHANNELS = ("email", "phone", "chat", "social", "web", "messaging", "app", "other")
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "deleted", "merged", "spam", "missed")
SURVEY_KINDS = ("csat", "effort", "ease", "nps", "repurchase")
ORDER_KINDS = ("order", "subscription", "refund", "cancellation")
NO_CONTACT, NO_WORKFLOW = "no contact", "none"
TENURE_BRACKETS = ("days 1–30", "days 31–60", "days 61–90", "days 91–365", "later than a year")
OWN_FIGURES = (
    "first_reply_minutes", "first_reply_business_minutes", "resolution_minutes", "resolution_business_minutes",
    "requester_wait_minutes", "requester_wait_business_minutes", "agent_wait_minutes", "agent_wait_business_minutes",
    "on_hold_minutes", "on_hold_business_minutes", "reopens", "agent_replies",
)  # fmt: skip
RUN_KINDS = ("saved_reply", "macro", "automation", "auto_reply", "suggestion", "trigger", "sla")


def given_table(name: str, meaning: str, *columns: Column) -> Table:
    """Return a table that sources bring."""
    return Table(name, meaning, columns)


def laid_table(name: str, meaning: str, *columns: Column) -> Table:
    """Return a table that `cxlib.derive` lays."""
    return Table(name, meaning, columns, derived=True)


def ref(name: str, table: str, meaning: str) -> Column:
    """Return a column that holds the key of another table."""
    return Column(name, "id", meaning, references=table)


def derived(name: str, kind: Kind, meaning: str) -> Column:
    """Return a column that `cxlib.derive` fills."""
    return Column(name, kind, meaning, derived=True)


def local(anchor: str) -> tuple[Column, Column]:
    """Return the local day and hour beside an anchor."""
    return (
        derived(f"{anchor}_day", "day", f"local calendar day of {anchor}_at in the settings' time zone"),
        derived(f"{anchor}_hour", "integer", f"local hour (0–23) of {anchor}_at"),
    )


def classes(when: str) -> tuple[Column, Column]:
    """Return the loyalty class and the experience of a customer by the latest answer at that time."""
    latest = f"answer {when}, null if none"
    return (
        derived("loyalty_class", "text", f"promoter, passive or detractor by the customer's latest NPS {latest}"),
        derived("experience", "text", f"good, in between or bad by the customer's latest satisfaction {latest}"),
    )


def clock(name: str, meaning: str) -> tuple[Column, Column, Column]:
    """Return minutes, open minutes and the flag that ends them."""
    return (
        derived(f"{name}_minutes", "minutes", f"{meaning}; runs to extracted_at while unfinished"),
        derived(f"{name}_business_minutes", "minutes", f"{meaning}, open minutes of the ticket's schedule only"),
        derived(f"{name}_ended", "flag", f"whether the clock of {name}_minutes has stopped"),
    )
