"""Serve the sandbox on loopback: ``python -m cyberadmin.sandbox --port N --data FILE [--seed demo|none]``.

Prints one line of JSON (``base_url``, ``control_url``, ``accounts``) and serves until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

import orjson

from cyberadmin.sandbox.app import SandboxApp
from cyberadmin.sandbox.control_accounts import accounts_shown
from cyberadmin.sandbox.seed import seed_demo
from cyberadmin.sandbox.server import SandboxServer
from cyberadmin.sandbox.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cyberadmin.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data", type=Path, required=True, help="file of the store; kept over restarts")
    parser.add_argument("--seed", choices=("demo", "none"), default="none", help="only applied to a new file")
    args = parser.parse_args()
    store = Store(args.data)
    if store.fresh and args.seed == "demo":
        seed_demo(store)
    app = SandboxApp(store)
    server = SandboxServer(args.port, app, store.close_thread)
    with store.read() as conn:
        accounts = accounts_shown(store, conn)
    names = ("name", "username", "password", "token")
    line = {
        "base_url": server.base_url,
        "control_url": f"{server.base_url}/_control",
        "accounts": [{name: account[name] for name in names} for account in accounts],
    }
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()
    for number in (signal.SIGTERM, signal.SIGINT):
        # ``shutdown`` waits for the serving loop, which runs in this thread.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    app.rules.remove()
    server.server_close()
    store.close_thread()


if __name__ == "__main__":
    main()
