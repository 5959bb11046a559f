"""The parts of the page that only show: its head, the last effects and requests, the settings."""

from __future__ import annotations

from collections.abc import Sequence

from cyberadmin.sandbox.clock import Clock
from cyberadmin.sandbox.dates import DateStyle, parse_instant
from cyberadmin.sandbox.journal import Received
from cyberadmin.sandbox.page_html import Html, html, joined, pairs, table
from cyberadmin.sandbox.page_words import Words
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.wire import Json

SECTIONS = ("holds", "act", "trouble", "received", "settings")
SECONDS = DateStyle(digits=0)


def heading(say: Words, clock: Clock) -> Html:
    links = joined(html('<a href="#{name}">{label}</a>', name=name, label=say(f"go_{name}")) for name in SECTIONS)
    return html(
        '<header id="top"><h1>{title}</h1><p>{intro}</p><p class="soft">{clock} ({mode}) · '
        '<a href="/_control/routes">{routes}</a></p></header><nav>{links}</nav>',
        title=say("title"),
        intro=say("intro"),
        clock=say("clock", time=SECONDS.text(clock.now())),
        mode=_mode(say, clock),
        routes=say("routes"),
        links=links,
    )


def _mode(say: Words, clock: Clock) -> str:
    if clock.frozen_at is not None:
        return say("clock_frozen")
    return say("clock_ahead", seconds=f"{clock.offset / 1000:+.0f}") if clock.offset else say("clock_real")


def effects(say: Words, entries: list[Json]) -> Html:
    """Newest first."""
    heads = (say("when"), say("source"), say("account"), say("operation"), say("object"), say("before_after"))
    rows = [
        (SECONDS.text(parse_instant(str(one["at"]))), say(f"source_{one['source']}"), one["account"] or "",
         one["operation"], _object(one), _states(say, one))
        for one in reversed(entries)
    ]  # fmt: skip
    return _log(say, say("effects"), heads, rows)


def _object(entry: Json) -> str:
    """The address of a person, else the numbers of what changed."""
    if entry["email"]:
        return str(entry["email"])
    ids = entry["ids"]
    return ", ".join(map(str, ids)) if isinstance(ids, list) else ""


def _states(say: Words, entry: Json) -> str:
    before, after = entry["before"], entry["after"]
    if not before or not after:
        return ""
    return say(str(after)) if before == after else f"{say(str(before))} → {say(str(after))}"


def requests(say: Words, received: list[Received]) -> Html:
    heads = (say("request"), say("account"), say("status"), say("which_trouble"), say("ms"))
    rows = [
        (f"{one.method} {one.path}{'?' if one.query else ''}{one.query}", one.account or "",
         one.status or say("no_answer"), one.fault or "", round(one.seconds * 1000, 1))
        for one in received
    ]  # fmt: skip
    return _log(say, say("requests"), heads, rows)


def _log(say: Words, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    shown = table(heads, rows) if rows else html("<p>{text}</p>", text=say("nothing_yet"))
    return html('<div class="log"><h3 class="over">{title}</h3>{shown}</div>', title=title, shown=shown)


def settings(say: Words, values: Settings) -> Html:
    rows = [
        (html('<span class="{kind}">{name}</span>', kind="changed" if name in values.changed else "", name=name), value)
        for name, value in values.all().items()
    ]
    return html(
        '<details class="settings" id="settings"><summary>{title}</summary><p class="soft">{hint}</p>{table}</details>',
        title=say("settings"),
        hint=say("settings_hint"),
        table=pairs(rows),
    )
