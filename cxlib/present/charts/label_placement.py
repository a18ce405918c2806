"""Room for a short text among lines: the spot where it hides least of them on a screen of 360 px."""

from collections.abc import Sequence
from itertools import pairwise

from cxlib.present.charts.frame import Frame, Rows

WIDTH, LETTER, HALF, POINTS = 230.0, 6.8, 8.0, 96  # pixels: plot, a letter, half a line of text; points of a line
Place = tuple[float, float]
Spot = tuple[float, float, float]  # left end of the text: x, y, pixels below y


def along(rows: Rows) -> list[Place]:
    """Return points on the line through rows with x and y, which is broken where `run` changes."""
    ends = [(a["x"], a["y"], b["x"], b["y"]) for a, b in pairwise(rows) if a.get("run") == b.get("run")]
    steps = 2 + POINTS // len(rows)
    shares = [step / steps for step in range(steps + 1)]
    return [(x + (x2 - x) * share, y + (y2 - y) * share) for x, y, x2, y2 in ends for share in shares]


def free_spot(frame: Frame, text: str, spots: Sequence[Spot], taken: list[Place]) -> Spot:
    """Return the spot where the text covers the fewest points taken, the first of equals; then takes its own."""
    (left, right), (low, high) = frame.x, frame.y
    wide, pixel = LETTER * len(text) / WIDTH * (right - left), (high - low) / (frame.height - frame.top)

    def covers(spot: Spot) -> tuple[bool, int]:
        x, middle, half = spot[0], spot[1] - spot[2] * pixel, HALF * pixel
        outside = x + wide > right or not low + half <= middle <= high - half
        return outside, sum(x <= at <= x + wide and abs(level - middle) < half for at, level in taken)

    x, y, down = chosen = min(spots, key=covers)
    for part in (-HALF, 0.0, HALF):
        level = y - (down + part) * pixel
        taken += along([{"x": x, "y": level}, {"x": x + wide, "y": level}])
    return chosen
