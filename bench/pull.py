"""How fast contacts come from the vendor into the mirror, beside what no program could do faster.

    python -m bench.pull --size 100000 [--groups 1] [--database postgres://…]

The floor is measured in the same run: the very same pages fetched and decoded without looking at them, and the same
rows written by the fastest statement, with nothing to compare. Printed: contacts a second of the first pull, of one
where nothing changed and of one where 2 % changed, and their shares of the floor.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.world import FOLDER, arguments, running

options = arguments("Contacts from the vendor into the mirror", size=100_000, groups=0)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


ROUNDS = 3


def timed(name: str, work: Callable[[], Any]) -> float:
    """Seconds that `work` takes, printed with contacts a second."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(f"  {name:30} {seconds:7.2f} s  {options.size / seconds:9,.0f} contacts/s", flush=True)
    return seconds


def one_round(bench: Any, rounds: dict[str, list[float]]) -> None:
    """All five measurements on a fresh account, each pull next to its floor."""
    bench.begin()

    def measure(name: str, work: Callable[[], Any]) -> None:
        rounds.setdefault(name, []).append(timed(name, work))

    measure("first pull", bench.pull)
    bench.check()
    measure("second pull, nothing changed", bench.pull)
    requests = bench.check()
    measure("floor: fetching and decoding", lambda: bench.fetch(requests))
    bench.change(0.02)
    measure("third pull, 2 % changed", bench.pull)
    bench.check()
    measure("floor: writing", bench.write())


def main() -> None:
    rounds: dict[str, list[float]] = {}
    with running(options):
        from bench.pull_parts import Bench

        bench = Bench(FOLDER, options.size, options.groups)
        try:
            for number in range(1, ROUNDS + 1):
                print(f"round {number} of {ROUNDS}, {options.database.partition(':')[0]}", flush=True)
                one_round(bench, rounds)
        finally:
            bench.stop()
    first, second, fetch, third, write = (statistics.median(seconds) for seconds in rounds.values())
    figures = {
        "bench": "pull",
        "database": options.database.partition(":")[0],
        "size": options.size,
        "groups": options.groups,
        "first_seconds": round(first, 2),
        "first_per_second": round(options.size / first),
        "unchanged_per_second": round(options.size / second),
        "changed_per_second": round(options.size / third),
        "first_share_of_floor": round((fetch + write) / first, 3),
        "unchanged_share_of_fetching": round(fetch / second, 3),
        "requests": bench.requests,
        "peak_megabytes": bench.peak,
    }
    print(f"medians: first pull {figures['first_share_of_floor']:.0%} of the floor, unchanged ", end="")
    print(f"{figures['unchanged_share_of_fetching']:.0%} of fetching alone, peak {bench.peak} MB")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
