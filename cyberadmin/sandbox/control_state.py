"""Control routes of the sandbox itself: settings, clock, fault rules, journal, request log, reset."""

from __future__ import annotations

from cyberadmin.sandbox import journal
from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.clock import Clock
from cyberadmin.sandbox.dates import parse_instant, utc_text
from cyberadmin.sandbox.fault_actions import ACTIONS
from cyberadmin.sandbox.fault_lists import MUTATIONS
from cyberadmin.sandbox.lists import RANKS
from cyberadmin.sandbox.schema import FIRST_IDS
from cyberadmin.sandbox.settings import Settings, describe
from cyberadmin.sandbox.wire import not_found

DATA_TABLES = (
    "accounts", "tokens", "customfields", "members", "deleted_addresses", "groups", "memberships", "optins", "batches",
    "mailings", "mailing_groups", "mailing_bodies", "mailing_links", "mailing_clicks", "mailing_events", "recipients",
    "senders", "templates", "journal",
)  # fmt: skip


def get_settings(ask: Ask) -> object:
    return ask.store.settings.all()


def get_choices(ask: Ask) -> object:
    """Every setting with its default, its choices and the row of api/README.md 6 it answers."""
    return describe()


def patch_settings(ask: Ask) -> object:
    ask.store.change_settings(ask.store.settings.with_changes(ask.body))
    return ask.store.settings.all()


def reset_settings(ask: Ask) -> object:
    ask.store.change_settings(Settings())
    return ask.store.settings.all()


def get_clock(ask: Ask) -> object:
    clock = ask.store.clock
    return {"now": utc_text(clock.now()), "epoch": clock.now() / 1000, "frozen": clock.frozen_at is not None}


def post_clock(ask: Ask) -> object:
    """``mode`` (frozen, running, real), then ``set`` (ISO text or epoch seconds), then ``advance`` (seconds)."""
    clock = ask.store.clock
    modes = {"frozen": clock.freeze, "running": clock.run, "real": clock.real}
    if "mode" in ask.body:
        modes[ask.text("mode")]()
    if "set" in ask.body:
        value = ask.body["set"]
        clock.set(parse_instant(value if isinstance(value, (str, int, float)) else str(value)))
    if "advance" in ask.body:
        clock.advance(ask.number("advance"))
    ask.store.save_clock()
    return get_clock(ask)


def list_faults(ask: Ask) -> object:
    return {"faults": [rule.shown() for rule in ask.app.rules.all()]}


def add_fault(ask: Ask) -> object:
    """One rule, or several under ``rules``; answers the rules made."""
    rules = ask.listed("rules") if "rules" in ask.body else [ask.body]
    made = []
    for spec in rules:
        if not isinstance(spec, dict) or spec.get("action") not in ACTIONS:
            raise ValueError(f"action is one of {', '.join(sorted(ACTIONS))}")
        if spec["action"] == "mutate" and spec.get("kind", "unknown_fields") not in MUTATIONS:
            raise ValueError(f"kind is one of {', '.join(MUTATIONS)}")
        if spec["action"] == "stale_reads":
            ask.store.stale_floor_ms = max(ask.store.stale_floor_ms, int(1000 * float(spec.get("seconds", 90))))
        made.append(ask.app.rules.add(str(spec["action"]), spec).shown())
    return {"faults": made}


def clear_faults(ask: Ask) -> object:
    ask.store.stale_floor_ms = 0
    return {"removed": ask.app.rules.remove()}


def remove_fault(ask: Ask) -> object:
    return {"removed": ask.app.rules.remove(ask.whole("id"))}


def release_fault(ask: Ask) -> object:
    """Let go of the requests a hold (or any waiting action) has; later ones pass at once."""
    rule = ask.app.rules.get(ask.whole("id"))
    if rule is None:
        raise not_found("No such rule")
    rule.released.set()
    return rule.shown()


def await_fault(ask: Ask) -> object:
    """Answer as soon as the rule holds ``count`` requests (1), or after ``timeout`` seconds (10) with held false."""
    held = ask.app.rules.wait_held(ask.whole("id"), ask.whole("count", 1), ask.number("timeout", 10))
    return {"held": held}


def get_journal(ask: Ask) -> object:
    """Entries after ``since``, of one ``account`` when given, only the ``last`` so many when given."""
    last = ask.request.parameter("last")
    with ask.store.read() as conn:
        account_id = ask.account(conn).id if ask.request.parameter("account") else None
        entries = journal.read(conn, ask.whole("since", 0), account_id, int(last) if last else None)
        newest = conn.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    return {"journal": entries, "newest": newest}


def clear_journal(ask: Ask) -> object:
    """Empties the journal; numbers go on."""
    with ask.store.write() as conn:
        return {"removed": conn.execute("DELETE FROM journal").rowcount}


def get_requests(ask: Ask) -> object:
    return {"requests": ask.app.requests.since(ask.whole("since", 0))}


def clear_requests(ask: Ask) -> object:
    ask.app.requests.clear()
    return {}


def reset(ask: Ask) -> object:
    """Settings, clock, fault rules, throttle and request log as at the start; with ``data`` also every account."""
    ask.app.rules.remove()
    ask.store.stale_floor_ms = 0
    ask.app.throttle.clear()
    ask.app.requests.clear()
    ask.store.clock = Clock()
    ask.store.save_clock()
    ask.store.change_settings(Settings())
    if ask.body.get("data"):
        with ask.store.write() as conn:
            for table in DATA_TABLES:
                conn.execute(f"DELETE FROM {table}")
            # Token numbers go on: a token of before the reset must stay dead.
            kept = [(seq, name) for name, seq in FIRST_IDS.items() if name != "tokens"]
            conn.executemany("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", kept)
            conn.execute("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'journal'")
            ask.store.next_due_at = 0
        RANKS.clear()
    ask.app.sign_in.forget()
    return {}


ROUTES = {
    ("GET", "settings"): get_settings,
    ("PATCH", "settings"): patch_settings,
    ("DELETE", "settings"): reset_settings,
    ("GET", "settings/choices"): get_choices,
    ("GET", "clock"): get_clock,
    ("POST", "clock"): post_clock,
    ("GET", "faults"): list_faults,
    ("POST", "faults"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("DELETE", "faults/{id}"): remove_fault,
    ("POST", "faults/{id}/release"): release_fault,
    ("POST", "faults/{id}/await"): await_fault,
    ("GET", "journal"): get_journal,
    ("DELETE", "journal"): clear_journal,
    ("GET", "requests"): get_requests,
    ("DELETE", "requests"): clear_requests,
    ("POST", "reset"): reset,
}
