"""What is said of customers so large that a figure is theirs."""

from cxlib import numbers
from cxlib.metrics.registry import SIGNED, Metric
from cxlib.numbers import Format
from cxlib.results.types import Without

PART = Format("%", decimals=0)


def large_customers(metric: Metric, left_out: Without, rows: str, baseline: str) -> str:
    """Return "one customer with 40 % of the answers (38 % in September 2026)".

    Args:
        metric: The metric.
        left_out: Who is left out.
        rows: What its rows are called.
        baseline: The month compared with.
    """
    who = "one customer" if left_out.customers == 1 else f"{numbers.number(left_out.customers)} customers"
    now, then = (PART.value(share) for share in (left_out.share, left_out.share_before))
    what = "amount" if SIGNED in metric.needs else rows
    return f"{who} with {now} of the {what} ({then} in {numbers.period(baseline)})"
