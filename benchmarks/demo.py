"""Print how long the demo takes to build; run with: python benchmarks/demo.py."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from cxlib.demo import DemoParameters, build_demo

for parameters in (DemoParameters(tickets=3_000, customers=400, agents=16, months=12), DemoParameters()):
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        build_demo(Path(folder) / "demo", parameters=parameters)
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.*")) / 1e6
    print(f"{parameters.tickets:,} tickets: {seconds:.1f} s, {size:.1f} MB")
