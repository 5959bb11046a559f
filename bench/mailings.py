"""How fast mailings and their recipients come from the vendor, beside what no program could do faster.

    python -m bench.mailings --mailings 5000 --recipients 2000000 [--database postgres://…]

`--recipients` is shared out evenly: each mailing has recipients / mailings. Measured are the pulls until every mailing
is known with its results, one more where nothing changed, the reading of every mailing's list of all recipients, and
once more where nothing changed. The floor is measured in the same run: the same answers fetched and decoded without
looking at them, and the same recipient rows written by the fastest statement. Memory is flat when its peak over all
lists is that over the first fifth of them; on SQLite 64 MB of it are the cache of the database, which fills up first.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

from bench.world import FOLDER, arguments, note, running

options = arguments("Mailings and recipients from the vendor", mailings=5_000, recipients=2_000_000)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


def timed(name: str, unit: str, count: int, work: Callable[[], float | None]) -> float:
    """Seconds that `work` takes, by its own measure or else in all, printed with units a second."""
    began = time.perf_counter()
    seconds = work() or time.perf_counter() - began
    print(f"  {name:38} {seconds:8.2f} s  {count / seconds:10,.0f} {unit}/s", flush=True)
    return seconds


def measure(bench: Any) -> dict[str, float]:
    """Every measurement once, each next to its floor."""
    mailings, rows = options.mailings, bench.rows
    seconds = {"first": timed("pulls until all is known", "mailings", mailings, bench.pull_all)}
    asked = bench.asked()
    seconds["unchanged"] = timed("pull, nothing changed", "mailings", mailings, bench.pull)
    again = bench.asked()
    seconds["first_floor"] = timed("floor: fetching the first", "mailings", mailings, lambda: bench.fetch(asked))
    seconds["unchanged_floor"] = timed(
        "floor: fetching the unchanged", "mailings", mailings, lambda: bench.fetch(again)
    )
    bench.asked()
    seconds["lists"] = timed("lists of recipients", "recipients", rows, bench.read_lists)
    asked = bench.asked()
    seconds["lists_again"] = timed("the same lists, nothing changed", "recipients", rows, bench.read_lists)
    seconds["lists_floor"] = timed("floor: fetching the lists", "recipients", rows, lambda: bench.fetch(asked))
    seconds["writing"] = timed("floor: writing the lists", "recipients", rows, bench.write)
    return seconds


def main() -> None:
    with running(options):
        from bench.mailings_parts import Bench

        bench = Bench(FOLDER, options.mailings, options.recipients)
        try:
            seconds = measure(bench)
        finally:
            bench.stop()
    print(json.dumps(figures(bench, seconds)))


def figures(bench: Any, seconds: dict[str, float]) -> dict[str, Any]:
    """What the run showed, in one line for the record."""
    first, lists = seconds["first"], seconds["lists"]
    return {
        "bench": "mailings",
        "database": options.database.partition(":")[0],
        "mailings": options.mailings,
        "recipients": bench.rows,
        "mailings_per_second": round(options.mailings / first),
        "mailings_share_of_fetching": round(seconds["first_floor"] / first, 3),
        "unchanged_share_of_fetching": round(seconds["unchanged_floor"] / seconds["unchanged"], 3),
        "unchanged_rows_written": bench.written["pull"],
        "recipients_per_second": round(bench.rows / lists),
        "recipients_share_of_fetching": round(seconds["lists_floor"] / lists, 3),
        "recipients_share_of_floor": round((seconds["lists_floor"] + seconds["writing"]) / lists, 3),
        "unchanged_recipients_per_second": round(bench.rows / seconds["lists_again"]),
        "unchanged_recipients_share_of_fetching": round(seconds["lists_floor"] / seconds["lists_again"], 3),
        "unchanged_recipient_rows_written": bench.written["lists"],
        "peak_megabytes": bench.peak,
        "peak_megabytes_first_fifth": bench.early_peak,
    }


if __name__ == "__main__":
    note("making the vendor's side first; this is not measured")
    main()
