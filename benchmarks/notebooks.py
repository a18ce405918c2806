"""How long the statistics of each notebook take on the demo: python benchmarks/notebooks.py [CHECKOUT …].

CPU seconds in one thread; charts, tables, sentences and imports are not timed. Each notebook runs in processes of its
own, those of several checkouts in turn, and the least time of each is printed: the others tell what else was running.
How fast the machine is at the time stands before and after: the time of 20 million additions in plain Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT, RUNS = Path(__file__).resolve().parents[1], 3
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
MODULES = ("cxlib.stats", "scipy.stats", "statsmodels.api", "statsmodels.duration.api", "holidays.countries")


def own_seconds(notebook: Path) -> tuple[int, float]:
    """Run the cells of a notebook without showing anything; return how many results it shows and the CPU time."""
    import cxlib as cx

    for module in MODULES:
        __import__(module)
    shown: list[object] = []
    cx.show, cx.stamp = shown.append, lambda *_: None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    space = {"__name__": "__main__"}
    began = time.process_time()
    for source in code:
        exec(source, space)
    return len(shown), time.process_time() - began


def measured(notebook: str, checkout: Path) -> tuple[int, float]:
    """Time one notebook of a checkout in a process of its own."""
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, __file__, "--one", str(checkout / "notebooks" / notebook)]
    told = subprocess.run(command, env=environment, cwd=checkout, check=True, capture_output=True, text=True).stdout
    count, seconds = told.split()
    return int(count), float(seconds)


def yardstick() -> float:
    """Return the CPU time of 20 million additions."""
    began, total = time.process_time(), 0
    for number in range(20_000_000):
        total += number
    return time.process_time() - began


def main() -> None:
    checkouts = [Path(name).resolve() for name in sys.argv[1:]] or [ROOT]
    print(f"20 million additions: {yardstick():.2f} s")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        best: dict[Path, tuple[int, float]] = {}
        for _ in range(RUNS):
            for checkout in checkouts:
                found = measured(path.name, checkout)
                best[checkout] = min(found, best.get(checkout, found), key=lambda pair: pair[1])
        told = ", ".join(f"{seconds:.2f} s for {count} results" for count, seconds in best.values())
        print(f"{path.stem}: {told}", flush=True)
    print(f"20 million additions: {yardstick():.2f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(*own_seconds(Path(sys.argv[2])))
    else:
        main()
