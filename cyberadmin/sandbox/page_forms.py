"""The parts of the page where somebody does something: accounts and their tokens, people, groups, trouble, time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from cyberadmin.sandbox.control_accounts import account_shown
from cyberadmin.sandbox.faults import Rule
from cyberadmin.sandbox.page_actions import CALLS, CUSTOM, DEEDS, FIELDS, OFTEN, TROUBLES
from cyberadmin.sandbox.page_html import (
    Html,
    button,
    form,
    html,
    joined,
    option,
    option_group,
    select,
    table,
    text_box,
)
from cyberadmin.sandbox.page_words import Words
from cyberadmin.sandbox.store import Account, Store
from cyberadmin.sandbox.wire import Json

HOME = "/_control/"
Groups = list[tuple[int, str, int, bool]]


@dataclass(frozen=True, slots=True)
class Holding:
    """One account as the page shows it: ``groups`` are (id, title, members, dynamic), ``fields`` names by id."""

    account: Account
    shown: Json
    groups: Groups
    fields: dict[int, str]

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def name(self) -> str:
        return self.account.name


@dataclass(frozen=True, slots=True)
class Form:
    """What the forms need: the language, the accounts, and the person the page is about (texts of its address)."""

    say: Words
    holdings: list[Holding]
    account: str = ""
    email: str = ""

    def accounts(self) -> list[Html]:
        return [option(one.id, one.name, self.account) for one in self.holdings]


def read_holdings(store: Store, conn: sqlite3.Connection) -> list[Holding]:
    groups: dict[int, Groups] = {}
    titles = "SELECT account_id, id, title, members_count, is_dynamic FROM groups ORDER BY title COLLATE NOCASE, id"
    for account_id, id, title, count, dynamic in conn.execute(titles):
        groups.setdefault(account_id, []).append((id, title, count, bool(dynamic)))
    fields: dict[int, dict[int, str]] = {}
    for account_id, id, name in conn.execute("SELECT account_id, id, name FROM customfields ORDER BY id"):
        fields.setdefault(account_id, {})[id] = name
    return [
        Holding(one, account_shown(conn, one), groups.get(one.id, []), fields.get(one.id, {}))
        for one in store.accounts(conn)
    ]


# -- accounts ------------------------------------------------------------------------------------------------------


def accounts_part(page: Form) -> Html:
    say = page.say
    if not page.holdings:
        return html("<p>{text}</p>", text=say("no_accounts"))
    heads = (say("account"), say("people"), say("groups"), say("tokens"))
    rows = [(_name(one), _people(say, one), _groups(say, one), _tokens(say, one)) for one in page.holdings]
    template = '<p class="soft">{hint}</p><div class="accounts">{table}</div>'
    return html(template, hint=say("token_hint"), table=table(heads, rows))


def _name(one: Holding) -> Html:
    template = '<div><strong>{name}</strong><br><span class="soft">{username}</span></div>'
    return html(template, name=one.name, username=one.account.username)


def _people(say: Words, one: Holding) -> str:
    counts = one.shown["members"]
    return say("counts", **counts) if isinstance(counts, dict) else ""


def _groups(say: Words, one: Holding) -> Html:
    template = "<details><summary>{count}</summary><ul>{items}</ul></details>"
    items = joined(html("<li>{text}</li>", text=text) for text in _titles(say, one))
    return html(template, count=say("group_count", count=len(one.groups)), items=items)


def _titles(say: Words, one: Holding) -> Iterator[str]:
    for _, title, count, dynamic in one.groups:
        yield say("group_item", title=title, count=count) + (f" ({say('dynamic')})" if dynamic else "")


def _tokens(say: Words, one: Holding) -> Html:
    tokens = one.shown["tokens"]
    boxes = [
        html(
            '<input class="token" readonly value="{token}" aria-label="{label}" autocomplete="off" spellcheck="false">',
            token=each["token"],
            label=say("token_of", name=one.name),
        )
        for each in (tokens if isinstance(tokens, list) else [])
    ]
    buttons = joined((
        button(say("delete_tokens"), "delete_tokens", grave=True) if boxes else "",
        button(say("make_token"), "make_token"),
    ))  # fmt: skip
    return form(
        HOME,
        html('<input type="hidden" name="account" value="{id}">', id=one.id),
        joined(boxes) if boxes else html("<p>{text}</p>", text=say("token_none")),
        html('<div class="buttons">{buttons}</div>', buttons=buttons),
    )


# -- people and groups ---------------------------------------------------------------------------------------------


def look_up_form(page: Form) -> Html:
    """A GET: the page's address names the person, so that it can be reloaded."""
    say = page.say
    return html(
        '<form method="get" action="{home}#look-up"><div class="fields">{account}{email}</div>'
        '<div class="buttons"><button>{label}</button></div></form>',
        home=HOME,
        account=select(say("account"), "account", page.accounts()),
        email=text_box(say("email"), "email", page.email, required=True),
        label=say("look_up_button"),
    )


def act_part(page: Form) -> Html:
    return _beside(_person_form(page), _group_form(page))


def _person_form(page: Form) -> Html:
    say = page.say
    parts = (
        select(say("account"), "account", page.accounts()),
        text_box(say("email"), "email", page.email, required=True),
        select(say("what"), "what", _deeds(page)),
        text_box(say("new_value"), "value"),
    )
    return _card(say("act_person"), parts, (button(say("do_it"), "act_on_person"),))


def _deeds(page: Form) -> Iterator[Html]:
    say = page.say
    yield option_group(say("change_field"), (option(name, say(name)) for name in FIELDS))
    for one in page.holdings:
        if one.fields:
            names = (option(f"{CUSTOM}{one.id}:{number}", name) for number, name in one.fields.items())
            yield option_group(say("custom_of", name=one.name), names)
    yield option_group(say("other_deeds"), (option(name, say(name)) for name in DEEDS))


def _group_form(page: Form) -> Html:
    say = page.say
    choices = [
        option(f"{one.id}:{number}", f"{title} · {one.name}")
        for one in page.holdings
        for number, title, _, _ in one.groups
    ]
    if not choices:
        return html("<div><h3>{title}</h3><p>{text}</p></div>", title=say("act_group"), text=say("no_groups"))
    parts = (select(say("group"), "group", choices), text_box(say("new_title"), "title", required=True))
    buttons = (
        button(say("rename_group"), "rename_group"),
        button(say("delete_group"), "delete_group", grave=True, unchecked=True),
    )
    return _card(say("act_group"), parts, buttons, lead=True)


def _beside(left: Html, right: Html) -> Html:
    return html('<div class="pair">{left}{right}</div>', left=left, right=right)


def _card(title: str, parts: tuple[Html, ...], buttons: tuple[Html, ...], *, lead: bool = False) -> Html:
    """A form in a frame; with ``lead`` its first part takes the whole width."""
    kind = "fields lead" if lead else "fields"
    return html(
        "<div><h3>{title}</h3>{form}</div>",
        title=title,
        form=form(
            HOME,
            html('<div class="{kind}">{parts}</div>', kind=kind, parts=joined(parts)),
            html('<div class="buttons">{buttons}</div>', buttons=joined(buttons)),
        ),
    )


# -- trouble and time ----------------------------------------------------------------------------------------------


def trouble_part(page: Form) -> Html:
    return _beside(_trouble_form(page), _time_form(page))


def _trouble_form(page: Form) -> Html:
    say = page.say
    accounts = [option(one.id, one.name) for one in page.holdings]
    parts = (
        select(say("which_trouble"), "trouble", (option(name, say(name)) for name in TROUBLES)),
        select(say("which_calls"), "calls", (option(name, say(name)) for name in CALLS)),
        select(say("how_often"), "often", (option(name, say(name)) for name in OFTEN)),
        select(say("account"), "account", [option("", say("every_account")), *accounts]),
    )
    buttons = (button(say("start_trouble"), "start_trouble"), button(say("stop_trouble"), "stop_trouble", grave=True))
    return _card(say("break_calls"), parts, buttons, lead=True)


def _time_form(page: Form) -> Html:
    say = page.say
    hint = html('<p class="soft">{text}</p>', text=say("time_hint"))
    return _card(say("time"), (hint,), (button(say("hour"), "hour"), button(say("day"), "day")))


def rules_part(page: Form, rules: list[Rule]) -> Html:
    say = page.say
    if not rules:
        return html('<p class="soft">{text}</p>', text=say("no_trouble"))
    names: dict[object, str] = {}
    for one in page.holdings:
        names |= {one.id: one.name, one.account.username: one.name}
    heads = (say("id"), say("which_trouble"), say("which_calls"), say("account"), say("seen"), say("fired"))
    rows = [
        (rule.id, _trouble(say, rule), f"{rule.method or say('any')} {rule.path or ''}",
         names.get(rule.account, rule.account or say("every_account")), rule.seen, rule.fired)
        for rule in rules
    ]  # fmt: skip
    return html('<h3 class="over">{title}</h3>{table}', title=say("trouble_now"), table=table(heads, rows))


def _trouble(say: Words, rule: Rule) -> str:
    spec = {"action": rule.action, **rule.args}
    for name, known in TROUBLES.items():
        if {key: value for key, value in known.items() if key not in ("path", "method")} == spec:
            return say(name)
    return f"{rule.action} {rule.args or ''}"
