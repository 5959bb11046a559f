"""A page for developers: what the vendor holds, what it received, how it is set."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from cyberadmin.sandbox import journal
from cyberadmin.sandbox.control_accounts import accounts_shown
from cyberadmin.sandbox.dates import utc_text

if TYPE_CHECKING:
    from cyberadmin.sandbox.app import SandboxApp

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }
h2 { margin-top: 2rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; border-bottom: 1px solid #eee; }
td { overflow-wrap: anywhere; }
.changed { font-weight: bold; }
"""
LAST = 25


def render(app: SandboxApp) -> str:
    with app.store.read() as conn:
        accounts = accounts_shown(app.store, conn)
        entries = journal.read(conn, last=LAST)
    clock = app.store.clock
    mode = "frozen" if clock.frozen_at is not None else f"real {clock.offset / 1000:+.0f} s"
    parts = [
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Vendor sandbox</title>'
        f"<style>{STYLE}</style></head><body><h1>Vendor sandbox</h1><p>Clock: {utc_text(clock.now())} ({mode}). "
        '<a href="/_control/routes">Control routes</a></p>',
        _accounts(accounts),
        _section("Last effects", ("#", "when", "source", "account", "operation", "ids", "e-mail", "state"), (
            (e["seq"], e["at"], e["source"], e["account"], e["operation"], e["ids"], e["email"] or "",
             f"{e['before']} → {e['after']}" if e["before"] else "")
            for e in reversed(entries)
        )),
        _requests(app),
        _section("Fault rules", ("#", "action", "method", "path", "account", "seen", "fired", "arguments"), (
            (r.id, r.action, r.method or "any", r.path or "any", r.account or "any", r.seen, r.fired, r.args)
            for r in app.rules.all()
        )),
        _settings(app),
        "</body></html>",
    ]  # fmt: skip
    return "\n".join(parts)


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _accounts(accounts: list[dict[str, object]]) -> str:
    rows = []
    for one in accounts:
        members, tokens = one["members"], one["tokens"]
        counts = members.values() if isinstance(members, dict) else ()
        held = len(tokens) if isinstance(tokens, list) else 0
        rows.append((one["id"], one["name"], one["username"], *counts, held))
    heads = ("#", "name", "user name", "subscribed", "unsubscribed", "bounced", "tokens")
    return _section("Accounts", heads, rows)


def _requests(app: SandboxApp) -> str:
    heads = ("#", "method", "path", "account", "status", "fault rule", "ms")
    rows = (
        (
            r.number,
            r.method,
            r.path,
            r.account or "",
            r.status or "no answer",
            r.fault or "",
            round(r.seconds * 1000, 1),
        )
        for r in app.requests.newest(LAST)
    )
    return _section("Last requests", heads, rows)


def _settings(app: SandboxApp) -> str:
    settings = app.store.settings
    rows = "".join(
        f"<tr{' class=changed' if name in settings.changed else ''}><td>{escape(name)}</td>"
        f"<td>{escape(str(value))}</td></tr>"
        for name, value in settings.all().items()
    )
    return f"<h2>Settings</h2><table><tbody>{rows}</tbody></table>"
