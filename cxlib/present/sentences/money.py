"""What contrasts, the worth of a customer and curves of those still there say: never what drives it."""

from dataclasses import replace

from cxlib import numbers
from cxlib.numbers import Format
from cxlib.present.sentences.certainty import certainty_words
from cxlib.present.sentences.change import FEW, counted, difference_form, nothing, subject, unsigned
from cxlib.present.sentences.groups import Row, column_size, estimate, forms_of, share_format
from cxlib.present.sentences.sentence import plain
from cxlib.results.certainty import certainty
from cxlib.results.types import Contrast, Estimate, Survival, Worth

CURVES_TOLD = 4
CAVEAT = "What goes together need not be why."


def span(months: tuple[str, str]) -> str:
    """Return "August 2025 to July 2026"."""
    return " to ".join(dict.fromkeys(numbers.month(month) for month in months))


def contrast_text(result: Contrast) -> str:
    """Return both figures, their difference and its verdict, and that it need not be why."""
    sides, names = _sides(result), _names(result)
    opening = f"{subject(result.metric)} by {plain(result.by_title)}, {span(result.months)}"
    if None in [side.value for side in sides]:
        return f"{opening}: no months in which both {names[0]} and {names[1]} have two customers or more."
    values = zip(names, contrast_forms(result), sides, strict=True)
    both = ", ".join(
        f"{name} {form.value(side.value or 0.0)} ({counted(result.metric, side.n)})" for name, form, side in values
    )
    if is_small(result) or result.difference is None:
        return f"{opening}: {both}; too few to compare."
    form = replace(difference_of(result), signed=True)
    apart = form.with_interval(result.difference, result.low, result.high)
    if certainty(result.p_value) != "clear":
        return f"{opening}: {both}: a difference of {apart}, {certainty_words(certainty(result.p_value))}."
    size, low, high = unsigned(result.difference, result.low, result.high)
    apart = f"{difference_of(result).with_interval(size, low, high)} {'less' if result.difference < 0 else 'more'}"
    return f"{opening}: {both}: {apart}{_times(result)}; more than chance explains. {CAVEAT}"


def difference_of(result: Contrast) -> Format:
    """Return how the difference of both sides is printed."""
    size = column_size([side.value for side in _sides(result)])
    return difference_form(result.metric, size, result.low, result.high, result.scope.language)


def contrast_forms(result: Contrast) -> list[Format]:
    """Return how the figures of both sides are printed."""
    return forms_of(result.metric, _sides(result), result.scope)


def contrast_headline(result: Contrast) -> str:
    """Return both figures in a few words."""
    sides, names = _sides(result), _names(result)
    if None in [side.value for side in sides]:
        return f"{subject(result.metric)}: nothing to compare"
    values = zip(contrast_forms(result), sides, names, strict=True)
    both = ", ".join(f"{form.value(side.value or 0.0)} for {name}" for form, side, name in values)
    said = {"clear": "", "possible": ": a possible difference", "none": ": no difference beyond chance"}
    quiet = ": too few to compare" if is_small(result) else said[certainty(result.p_value)]
    return f"{subject(result.metric)} {both}{quiet}"


def is_small(result: Contrast) -> bool:
    """Tell whether a side has too few rows or customers for a verdict."""
    return result.difference is None or min(side.n for side in _sides(result)) < FEW


def worth_text(result: Worth) -> str:
    """Return what a customer active then brought in the year after, beside what winning one costs."""
    *parts, lost, won = (estimate(row) for row in result.points.iter_rows(named=True))
    if lost.value is None or won.value is None:
        return f"What a customer brings: {nothing(result.metric, lost, result.scope.month)}."
    low, high = lost.low or 0.0, lost.high or 0.0
    against = "more than" if low > won.value else "less than" if high < won.value else "within chance of"
    n = f"{numbers.number(lost.n)}{numbers.SPACE}customers"
    price, bought = (amount(result, side).value(side.value or 0.0) for side in (won, parts[0]))
    cost = amount(result, lost).with_interval(lost.value, lost.low, lost.high, n)
    less = " less estimated agents' time" if "estimated" in "".join(result.points["group"]) else ""
    less = less or (" less agents' time" if len(parts) > 2 else "")
    return (
        f"A customer active at the end of {numbers.month(result.start)} brought {cost} in the year after, {against} "
        f"winning one costs ({price}). That is the margin{less} of what they bought, {bought}, the mean of those who "
        "stayed and those who left. What one who leaves would have brought is not known; later years are not counted."
    )


def worth_headline(result: Worth) -> str:
    """Return both amounts."""
    *_, lost, won = (estimate(row) for row in result.points.iter_rows(named=True))
    if lost.value is None or won.value is None:
        return "What a customer brings: not known"
    values = [amount(result, side).value(side.value or 0.0) for side in (lost, won)]
    return f"A customer brings {values[0]} a year, winning one costs {values[1]}"


def amount(result: Worth, side: Estimate) -> Format:
    """Return how an amount per customer is printed."""
    decimals = numbers.leading(side.value or 0.0) if (side.value or 0.0) >= 10 else 2
    return Format(result.metric.measured_in, decimals=decimals, language=result.scope.language)


def times_format(result: Contrast) -> Format:
    """Return how the multiple is printed: 1.6, or 12."""
    form = Format("", decimals=1 if (result.ratio or 0.0) < 10 else 0, language=result.scope.language)
    return form.apart(result.ratio_low, result.ratio_high, none=1.0)


def _times(result: Contrast) -> str:
    if result.ratio is None or result.ratio_low is None or result.ratio_high is None:
        return ""
    form, often = times_format(result), "often" if result.metric.kind == "share" else "much"
    return f", {form.bare(result.ratio)} times as {often} ({form.interval(result.ratio_low, result.ratio_high)})"


def _sides(result: Contrast) -> list[Estimate]:
    return [estimate(row) for row in result.points.iter_rows(named=True)]


def _names(result: Contrast) -> list[str]:
    return [plain(name) for name in result.points["group"]]


def survival_text(result: Survival) -> str:
    """Return the shares still there after the same time and the verdict of the log-rank test."""
    months, rows = horizon(result)
    told = "; ".join(f"{plain(row['group'])} {share(row)}" for row in rows[:CURVES_TOLD])
    verdict = {
        "clear": "The classes differ by more than chance explains.",
        "possible": "The classes may differ: one comparison in twenty looks like this by chance alone.",
        "none": "No difference beyond chance.",
    }[certainty(result.p_value)]
    verdict = "Too few to compare." if result.p_value is None else verdict
    opening = f"{plain(result.title)}, {numbers.number(months)} months after an answer of {span(result.months)}"
    return f"{opening}: {told}. {verdict} {CAVEAT}"


def survival_notes(result: Survival) -> tuple[str, ...]:
    """Return what the table says below."""
    left = f"{numbers.number(result.left)} customer{'s' if result.left != 1 else ''} left after an answer"
    tested = "" if result.p_value is None else "Verdict: log-rank test of the whole curves."
    told = (f"{left}; everybody's time starts at an answer.", tested, plain(result.sampled, 400))
    return tuple(filter(None, told))


def survival_headline(result: Survival) -> str:
    """Return the lowest and the highest share after the same time."""
    if certainty(result.p_value) != "clear":
        possible = certainty(result.p_value) == "possible"
        return f"{plain(result.title)}: {'a possible difference' if possible else 'no difference beyond chance'}"
    months, rows = horizon(result)
    ends = " to ".join(
        f"{numbers.share_format().value(row['value'])} ({plain(row['group'])})" for row in (rows[0], rows[-1])
    )
    return f"{plain(result.title)}: {ends} after {numbers.number(months)} months"


def share(row: Row) -> str:
    """Return "86.8 % (84.1–89.1; 393 at risk)"."""
    n = f"{numbers.number(row['n'])}{numbers.SPACE}at risk"
    return share_format(row).with_interval(row["value"], row["low"], row["high"], n)


def horizon(result: Survival) -> tuple[int, list[Row]]:
    """Return after how many months the classes are told – whole years that all curves reach, else as far as all do –,
    and the rows, lowest first.
    """
    points = list(result.points.iter_rows(named=True))
    last: dict[str, int] = {}
    for row in points:
        last[row["group"]] = max(last.get(row["group"], 0), row["months"])
    reached = min(last.values(), default=0)
    months = reached if reached < 12 else reached - reached % 12
    return months, sorted((row for row in points if row["months"] == months), key=lambda row: float(row["value"]))
