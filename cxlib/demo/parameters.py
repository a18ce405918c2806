"""What the demo company is like: its size and the effects planted in its data."""

from dataclasses import dataclass

from cxlib.errors import UsageError
from cxlib.periods import parse_month

_AT_LEAST = {"seed": 0, "tickets": 500, "customers": 50, "agents": 8, "months": 10, "dirty": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoParameters:
    """Size of the demo company and of every planted effect; equal parameters give equal bytes.

    Raises:
        UsageError: A size too small to plant the effects in, or a month that is none.
    """

    seed: int = 1
    tickets: int = 80_000
    customers: int = 9_000
    agents: int = 45
    months: int = 36
    last_month: str = "2026-10"
    phone_share: float = 0.17  # of requests in opening hours, all months but the last
    phone_share_last_month: float = 0.40  # the change of mix
    last_month_log_odds: float = -0.16  # of a satisfied answer, within every channel
    worse_agent_log_odds: float = -1.1  # of a satisfied answer, one agent against all others, who are equal
    log_odds_per_doubling: float = -0.18  # of a satisfied answer, per doubling of the minutes to the first reply
    volume_rise: float = 1.6  # lasting factor on one category, from a Monday five months before the last month
    effort_per_handoff: float = 0.45  # rise of the mean effort (1–5, low is good)
    ease_per_handoff: float = -0.55  # change of the mean ease (1–7, high is good)
    nps_after_phone: float = -22.0  # NPS points against e-mail
    detractors_buying: float = 0.20  # share with an order of their own accord within 90 days of the answer
    promoter_multiple: float = 2.0  # promoters' share over detractors'
    conversion: float = 0.05  # share of answered tickets that helped an order, all channels but chat
    chat_uplift: float = 0.09  # what chat adds to it
    leaving_ratio: float = 2.5  # detractors' hazard of leaving over promoters', passives' in the middle of the scale
    event_factor: float = 0.7  # on the business minutes to the first reply, from the dated event on
    dirty: int = 30  # broken rows of each kind in each table it is planted in
    shrink_month: str = ""  # month "YYYY-MM" that lost half its tickets

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        for name, least in _AT_LEAST.items():
            if getattr(self, name) < least:
                raise UsageError(f"The demo parameter {name} is {getattr(self, name)}; at least {least} is needed.")
        for month in (self.last_month, self.shrink_month or self.last_month):
            parse_month(month)
