"""How fast contacts come from the vendor into the mirror, beside what no program could do faster.

    python -m bench.pull --size 100000 [--groups 1] [--database postgres://…]

The floor is measured in the same run: the very same pages fetched and decoded without looking at them, and the same
rows written by the fastest statement, with nothing to compare. Printed: contacts a second of the first pull, of one
where nothing changed and of one where 2 % changed, and their shares of the floor.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

from bench.world import FOLDER, arguments, running

options = arguments("Contacts from the vendor into the mirror", size=100_000, groups=0)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


def timed(name: str, work: Callable[[], Any]) -> float:
    """Seconds that `work` takes, printed with contacts a second."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(f"  {name:30} {seconds:7.2f} s  {options.size / seconds:9,.0f} contacts/s", flush=True)
    return seconds


def main() -> None:
    with running(options):
        from bench.pull_parts import Bench

        bench = Bench(FOLDER, options.size, options.groups)
        try:
            first = timed("first pull", bench.pull)
            requests = bench.check()
            second = timed("second pull, nothing changed", bench.pull)
            bench.check()
            changed = bench.change(0.02)
            third = timed(f"third pull, {changed} changed", bench.pull)
            bench.check()
            peak = bench.peak_megabytes()
            fetch = timed("floor: fetching and decoding", lambda: bench.fetch(requests))
            write = timed("floor: writing", bench.write())
        finally:
            bench.stop()
    figures = {
        "bench": "pull",
        "database": options.database.partition(":")[0],
        "size": options.size,
        "first_per_second": round(options.size / first),
        "unchanged_per_second": round(options.size / second),
        "changed_per_second": round(options.size / third),
        "first_share_of_floor": round((fetch + write) / first, 3),
        "unchanged_share_of_fetching": round(fetch / second, 3),
        "list_requests": len(requests),
        "peak_megabytes": peak,
    }
    print(f"  first pull {figures['first_share_of_floor']:.0%} of the floor, unchanged ", end="")
    print(f"{figures['unchanged_share_of_fetching']:.0%} of fetching alone, peak {peak} MB, {len(requests)} requests")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
