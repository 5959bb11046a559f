"""Planning and applying an import, against a bare loop that posts the same batches to the same sandbox.

    python -m bench.bulk --rows 1000000 [--database postgres://…] [--edits 200] [--vendor_ms 500]

One run, three figures: rows per second of the plan and its peak memory; seconds of applying over those of the bare loop,
taken in turns on the same sandbox; and how long single edits, saved meanwhile, take to reach the vendor, sent as by a
woken worker. By default the vendor carries batches out at once, so that only work is compared, not waiting;
`--vendor_ms` lets it take so long for each.
"""

import json
import os
import statistics

from bench.world import FOLDER, arguments, note, running

options = arguments("Bulk changes", rows=20_000, edits=100, vendor_ms=0)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


def main() -> None:
    with running(options):
        from bench.bulk_parts import Bench

        bench = Bench(FOLDER, options.rows, options.vendor_ms)
        try:
            note(f"planning {options.rows} rows …")
            planning = bench.plan()
            note("the bare loop …")
            bare = bench.bare()
            note("applying, with single edits meanwhile …")
            applying, latency = bench.apply(options.edits)
        finally:
            bench.stop()
    p95 = statistics.quantiles(latency, n=20)[-1] if len(latency) > 1 else 0.0
    kind = options.database.partition(":")[0]
    print(f"{options.rows} rows, {kind}")
    print(f"  plan        {options.rows / planning.seconds:8.0f} rows/s, peak {planning.megabytes:.0f} MB")
    print(f"  bare loop   {options.rows / bare:8.0f} rows/s")
    print(f"  apply       {options.rows / applying.seconds:8.0f} rows/s, peak {applying.megabytes:.0f} MB")
    print(f"  ratio       {applying.seconds / bare:8.2f}")
    print(f"  single edit p95 {p95:.2f} s over {len(latency)} edits")
    figures = {
        "bench": "bulk",
        "database": kind,
        "rows": options.rows,
        "plan_rows_per_second": round(options.rows / planning.seconds),
        "plan_megabytes": round(planning.megabytes),
        "apply_rows_per_second": round(options.rows / applying.seconds),
        "apply_megabytes": round(applying.megabytes),
        "bare_rows_per_second": round(options.rows / bare),
        "ratio": round(applying.seconds / bare, 2),
        "single_edit_p95_seconds": round(p95, 2),
        "single_edits": len(latency),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
