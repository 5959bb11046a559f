"""Whether the console's pages stay as fast with a million contacts as with ten thousand.

    python -m bench.pages --contacts 1000000 --accounts 100 [--database postgres://…]

Each page is asked for through Django's test client, first with 10,000 contacts in all, then with the number given.
Printed: milliseconds in the server (median of seven) and queries at both sizes, and the ratio of the times.
"""

import json
import statistics
import time
from typing import Any

from bench.world import arguments, note, running

options = arguments("Pages of the console at two sizes", contacts=1_000_000, accounts=100)
SMALL = 10_000
TIMES = 7


def measure(bench: Any) -> dict[str, tuple[float, int]]:
    """{page: (milliseconds, queries)} now."""
    found = {}
    for name, address in bench.addresses().items():
        bench.get(address)
        seconds = []
        for _ in range(TIMES):
            began = time.perf_counter()
            bench.get(address)
            seconds.append(time.perf_counter() - began)
        found[name] = (statistics.median(seconds) * 1000, bench.queries(address))
    return found


def main() -> None:
    with running(options):
        from bench.pages_parts import Bench

        bench = Bench(options.accounts)
        note(f"filling {SMALL:,} contacts …")
        bench.fill(SMALL)
        small = measure(bench)
        note(f"filling {options.contacts:,} contacts …")
        bench.fill(options.contacts - SMALL)
        large = measure(bench)
    print(f"{'page':28} {SMALL:>10,} contacts {options.contacts:>14,} contacts   ratio   queries")
    for name, (before, queries) in small.items():
        after, more = large[name]
        print(f"{name:28} {before:16.1f} ms {after:20.1f} ms {after / before:8.2f}   {queries} / {more}")
    figures = {
        "bench": "pages",
        "database": options.database.partition(":")[0],
        "contacts": options.contacts,
        "accounts": options.accounts,
        "worst_ratio": round(max(large[name][0] / small[name][0] for name in small), 2),
        "slowest_ms": round(max(milliseconds for milliseconds, _ in large.values()), 1),
        "most_queries": max(queries for _, queries in large.values()),
        "more_queries_than_small": [name for name in small if large[name][1] > small[name][1]],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
