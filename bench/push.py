"""How long an edit takes to reach the vendor, and what the engine costs over a bare client loop.

    python -m bench.push --edits 1000 --accounts 10 [--database postgres://…]

Two figures from one run. *Throughput*: the edits wait already, the engine sends them with one thread for each account;
the baseline does the very same requests (one GET and one PATCH for each edit) with as many threads and nothing else.
*Latency*: a real Celery worker on the product's own broker; edits are saved one after the other, and the time runs from
the commit of the save to the arrival of the PATCH at the sandbox, on one clock.
"""

import json
import os
import statistics
from typing import Any

from bench.world import FOLDER, arguments, note, running

options = arguments("Edits from the console to the vendor", edits=1000, accounts=10, paced=300)
os.environ["SYNC_REQUESTS_PER_SECOND"] = "100000"


def main() -> None:
    with running(options):
        from bench.push_parts import Bench

        bench = Bench(FOLDER, options.accounts, options.edits)
        try:
            note("bare loop and engine, alternating …")
            bare, engine, requests = bench.throughput()
            note("real worker, paced edits …")
            latency = bench.latency(options.paced)
        finally:
            bench.stop()
    ratio = statistics.median(bare) / statistics.median(engine)
    p50, p95 = statistics.median(latency), statistics.quantiles(latency, n=20)[-1]
    print(
        f"{options.edits} edits over {options.accounts} accounts, {options.database.partition(':')[0]}, median of {len(bare)}"
    )
    print(f"  bare client loop   {options.edits / statistics.median(bare):8.0f} edits/s")
    print(
        f"  engine             {options.edits / statistics.median(engine):8.0f} edits/s  {ratio:.0%} of the bare loop"
    )
    print(f"  requests per edit  {requests:8.2f}")
    print(f"  save to vendor     p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms over {len(latency)} edits")
    figures: dict[str, Any] = {
        "bench": "push",
        "database": options.database.partition(":")[0],
        "edits": options.edits,
        "accounts": options.accounts,
        "throughput_ratio": round(ratio, 3),
        "requests_per_edit": round(requests, 2),
        "p50_seconds": round(p50, 3),
        "p95_seconds": round(p95, 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
