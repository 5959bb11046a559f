"""Planning and applying an import, against a bare loop that posts the same batches to the same sandbox.

    python -m bench.bulk --rows 1000000 [--format xlsx] [--database postgres://…] [--edits 200] [--vendor_ms 500]

One run: a list is written, uploaded, planned, approved and applied by the code that the pages use. Figures: rows per second
and peak memory of the plan and of applying; the time of applying a row over that of the bare loop, which posts `--bare` rows
(all of them unless told), half before and half after, to an account of its own in the same sandbox; and how long single
edits, saved meanwhile, take to reach the vendor, sent as by a woken worker. A second ratio is over a loop that also reads who
left after each batch, as the promise that nobody comes back demands: those requests no engine can leave out.

By default the vendor carries batches out at once, so that only work is compared, not waiting; `--vendor_ms` lets it take so
long for each, and with `--names id` it answers with numbers instead of the addresses that it was sent.
"""

import json
import os
import statistics
from typing import Any

from bench.world import FOLDER, arguments, note, running

CHOICES = {"format": ("csv", "xlsx"), "names": ("email", "id")}
options = arguments("Bulk changes", CHOICES, rows=20_000, bare=0, edits=100, vendor_ms=0)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


def main() -> None:
    with running(options):
        from bench.bulk_parts import Bare, Bench

        bench = Bench(FOLDER, options.rows, options.vendor_ms, options.names)
        bare = Bare(options.bare or options.rows)
        try:
            note(f"planning {options.rows} rows …")
            planning = bench.plan(options.format)
            note("the bare loops, first half …")
            bench.bare(bare)
            note("applying, with single edits meanwhile …")
            applying, latency = bench.apply(options.edits)
            note("the bare loops, second half …")
            bench.bare(bare)
        finally:
            bench.stop()
    rate = options.rows / applying.seconds
    figures = {
        "bench": "bulk",
        "database": options.database.partition(":")[0],
        "format": options.format,
        "rows": options.rows,
        "vendor_ms": options.vendor_ms,
        "names": options.names,
        "plan_rows_per_second": round(options.rows / planning.seconds),
        "plan_megabytes": round(planning.megabytes),
        "plan_own_megabytes": round(planning.own),
        "apply_rows_per_second": round(rate),
        "apply_megabytes": round(applying.megabytes),
        "apply_own_megabytes": round(applying.own),
        "bare_rows": bare.rows,
        "bare_rows_per_second": round(bare.rows / bare.seconds),
        "ratio": round(bare.rows / bare.seconds / rate, 2),
        "reading_rows_per_second": round(bare.rows / bare.reading),
        "ratio_over_reading": round(bare.rows / bare.reading / rate, 2),
        "single_edit_p95_seconds": round(statistics.quantiles(latency, n=20)[-1], 2) if len(latency) > 1 else None,
        "single_edits": len(latency),
    }
    show(figures)


def show(figures: dict[str, Any]) -> None:
    """For whoever reads along, and as JSON."""
    print("{rows} rows, {format}, {database}".format(**figures))
    print(
        "  plan         {plan_rows_per_second:8} rows/s, peak {plan_megabytes} MB, its own {plan_own_megabytes} MB".format(
            **figures
        )
    )
    print(
        "  apply        {apply_rows_per_second:8} rows/s, peak {apply_megabytes} MB, its own {apply_own_megabytes} MB".format(
            **figures
        )
    )
    print("  bare loop    {bare_rows_per_second:8} rows/s, ratio {ratio:.2f}".format(**figures))
    print("  … reading    {reading_rows_per_second:8} rows/s, ratio {ratio_over_reading:.2f}".format(**figures))
    print("  single edit  p95 {single_edit_p95_seconds} s over {single_edits} edits".format(**figures))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
