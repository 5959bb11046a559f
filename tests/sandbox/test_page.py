"""Each button of the sandbox's own page has its effect, says so and brings the browser back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from cyberadmin.sandbox.page_words import REFUSALS, WORDS
from tests.sandbox.conftest import VendorApi
from tests.sandbox.page_browser import EMAIL, FRENCH, Browser, Forms, notice


@pytest.fixture
def browser(api: VendorApi) -> Iterator[Browser]:
    one = Browser(api)
    yield one
    one.session.close()


# -- tokens --------------------------------------------------------------------------------------------------------


def test_tokens_are_shown_to_be_copied_deleted_and_made(browser: Browser) -> None:
    api, old = browser.api, browser.api.account["token"]
    assert f'readonly value="{old}"' in browser.read()
    told = browser.press("delete_tokens", account=browser.account)
    assert told == f"The tokens of {api.account['name']} are deleted."
    assert old not in browser.read()
    api.get("/ping", 401)
    told = browser.press("make_token", account=browser.account)
    assert told == f"{api.account['name']} has a new token."
    (account,) = (one for one in api.server.control("GET", "accounts")["accounts"] if one["id"] == api.account["id"])
    assert f'readonly value="{account["token"]}"' in browser.read()
    assert account["token"] != old
    api.session.headers["Authorization"] = f"Bearer {account['token']}"
    api.get("/ping")


def test_an_account_without_token_says_so(browser: Browser) -> None:
    browser.press("delete_tokens", account=browser.account)
    assert "None: every call is refused." in browser.read()
    answer = browser.post(do="delete_tokens", account=browser.account)
    assert notice(browser.follow(answer)) == "Not done: No such token."


# -- people --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["firstname", "lastname", "company", "note", "postalCode"])
def test_a_field_is_changed_as_the_client_would(browser: Browser, name: str) -> None:
    browser.api.member(EMAIL)
    assert browser.person(name, "Été") == f"The field of {EMAIL} is now “Été”."
    assert browser.api.person(EMAIL)[name] == "Été"
    assert browser.person(name) == f"The field of {EMAIL} is now empty."
    assert browser.api.person(EMAIL)[name] == ""
    entry = browser.api.journal(source="control", email=EMAIL)[-1]
    assert (entry["operation"], entry["method"], entry["path"]) == ("editRemotely", "PATCH", "/_control/members")


@pytest.mark.parametrize(
    ("field", "typed", "held"),
    [("1", "12", "12"), ("2", "2025-02-28", "2025-02-28"), ("3", "-7", -7), ("4", "12,5", 12.5), ("4", "3", 3)],
)
def test_a_custom_field_is_changed_with_its_type(browser: Browser, field: str, typed: str, held: object) -> None:
    browser.api.member(EMAIL)
    browser.person(f"custom:{browser.account}:{field}", typed)
    assert browser.api.person(EMAIL)["customFields"] == {field: held}
    browser.person(f"custom:{browser.account}:{field}")
    assert browser.api.person(EMAIL)["customFields"] == {}


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [("2", "hier", "Not a value of type date."), ("3", "1.5", "Not a value of type integer."),
     ("4", "nan", "Not a value of type decimal number."), ("3", "9" * 30, "Not a value of type integer.")],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused(browser: Browser, field: str, typed: str, why: str) -> None:
    browser.api.member(EMAIL)
    assert browser.person(f"custom:{browser.account}:{field}", typed) == f"Not done: {why}"
    french = browser.person(f"custom:{browser.account}:{field}", typed, headers=FRENCH)
    assert french == f"Pas fait\u00a0: {REFUSALS[why[:-1]]}"
    assert browser.api.person(EMAIL)["customFields"] == {}


def test_the_custom_field_of_another_account_is_refused(browser: Browser) -> None:
    other = browser.api.server.new_account("Other")
    browser.api.server.control("POST", "customfields", account=other["id"], id=1, name="Ville", type="text")
    browser.api.member(EMAIL)
    told = browser.person(f"custom:{other['id']}:1", "Gaspé")
    assert told == "Not done: This custom field belongs to another account."
    assert browser.api.person(EMAIL)["customFields"] == {}


def test_a_person_leaves_comes_back_bounces_and_is_deleted(browser: Browser) -> None:
    browser.api.member(EMAIL)
    assert browser.person("unsubscribe") == f"The person unsubscribes: {EMAIL}."
    assert browser.api.person(EMAIL)["state"] == "unsubscribed"
    browser.person("resubscribe")
    assert browser.api.person(EMAIL)["state"] == "subscribed"
    browser.person("bounce")
    assert browser.api.person(EMAIL)["state"] == "bounced"
    browser.person("delete_person")
    state = browser.api.server.state(browser.api.account["id"], EMAIL)
    assert (state["members"], state["unsubscribed"], state["bounced"]) == ([], [], [])
    assert browser.person("bounce") == "Not done: No such member."
    assert browser.person("resubscribe", email="nobody") == "Not done: Invalid e-mail address."


def test_the_page_looks_a_person_up(browser: Browser) -> None:
    group = browser.api.group("Amis & alliés")
    browser.api.member(EMAIL, firstname="Ann", groups=str(group), customFields={"1": "Gaspé"})
    (form,) = (one for one in Forms(browser.read()).forms if one["method"] == "get")
    assert (form["action"], set(form["choices"])) == ("/_control/#look-up", {"account", "email"})
    text = browser.read(account=browser.account, email=EMAIL.upper())
    for name, value in (("State", "subscribed"), ("First name", "Ann"), ("Champ 1", "Gaspé"), ("Champ 2", "—"),
                        ("Groups", "Amis &amp; alliés"), ("E-mail address", EMAIL)):  # fmt: skip
        assert f'<th scope="row">{name}</th><td>{value}</td>' in text, name
    browser.person("unsubscribe")
    text = browser.read(account=browser.account, email=EMAIL)
    assert '<th scope="row">State</th><td>unsubscribed</td>' in text
    assert "holds nobody with the address no@example.com" in browser.read(
        account=browser.account, email="no@example.com"
    )


def test_after_an_act_the_person_is_looked_up_again(browser: Browser) -> None:
    browser.api.member(EMAIL)
    answer = browser.post(do="act_on_person", account=browser.account, email=EMAIL, what="firstname", value="Zoé")
    text = browser.follow(answer)
    assert '<th scope="row">First name</th><td>Zoé</td>' in text
    assert answer.headers["Location"].endswith("#act")


# -- groups --------------------------------------------------------------------------------------------------------


def test_a_group_is_renamed_and_deleted(browser: Browser) -> None:
    number = browser.api.group("Avant")
    chosen = f"{browser.account}:{number}"
    assert browser.press("rename_group", group=chosen, title=" Après ") == "The group is now called Après."
    assert browser.api.get(f"/groups/{number}")["title"] == "Après"
    assert browser.press("rename_group", group=chosen, title="  ") == "Not done: A name is needed."
    assert browser.press("delete_group", group=chosen, title="") == "The group is deleted."
    browser.api.get(f"/groups/{number}", 404)


# -- trouble and time ----------------------------------------------------------------------------------------------


def trouble(browser: Browser, what: str, calls: str = "any", often: str = "once") -> str:
    return browser.press("start_trouble", trouble=what, calls=calls, often=often, account=browser.account)


def test_an_answer_of_503_comes_once_and_applies_nothing(browser: Browser) -> None:
    assert trouble(browser, "unavailable", "writes") == "Trouble made: Answers 503, nothing is applied."
    api = browser.api
    api.get("/members")
    assert api.raw("POST", "/members", json={"email": EMAIL}).status_code == 503
    api.member(EMAIL)


def test_an_answer_is_lost_after_applying(browser: Browser) -> None:
    trouble(browser, "lost_answer", "writes", "always")
    with pytest.raises(requests.ConnectionError):
        browser.api.raw("POST", "/members", json={"email": EMAIL})
    assert browser.api.person(EMAIL)["state"] == "subscribed"


def test_too_many_calls_says_when_to_come_back(browser: Browser) -> None:
    trouble(browser, "too_many", "reads", "every_other")
    answers = [browser.api.raw("GET", "/members") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 429, 200, 429]
    assert answers[1].headers["Retry-After"] == "10"


def test_an_html_page_comes_instead_of_json_five_times(browser: Browser) -> None:
    trouble(browser, "html_page", often="five_times")
    kinds = [browser.api.raw("GET", "/members").headers["Content-Type"].partition(";")[0] for _ in range(6)]
    assert kinds == ["text/html"] * 5 + ["application/json"]


def test_answers_come_late(browser: Browser) -> None:
    trouble(browser, "slow")
    assert browser.api.raw("GET", "/members").elapsed.total_seconds() >= 2


def test_the_list_shifts_whatever_calls_are_chosen(browser: Browser) -> None:
    browser.api.member(EMAIL)
    trouble(browser, "lists_shift", "writes")
    browser.api.get("/groups")
    browser.api.get("/members")
    assert len(browser.api.journal(source="fault")) == 2


def test_trouble_is_shown_in_words_and_stopped(browser: Browser) -> None:
    trouble(browser, "too_many", often="always")
    trouble(browser, "lists_shift")
    browser.press("start_trouble", trouble="slow", calls="any", often="always", account="")
    text = browser.read()
    for what in ("too_many", "lists_shift", "slow"):
        assert f'<td data-label="Trouble">{WORDS[what][0]}</td>' in text
    assert '<td data-label="Account">every account</td>' in text
    assert browser.press("stop_trouble") == "All trouble has stopped."
    assert browser.api.server.control("GET", "faults") == {"faults": []}


@pytest.mark.parametrize(("do", "seconds"), [("hour", 3600), ("day", 86_400)])
def test_time_passes_for_the_vendor(browser: Browser, do: str, seconds: int) -> None:
    control = browser.api.server.control
    before = control("POST", "clock", mode="frozen")["epoch"]
    assert browser.press(do) == f"The vendor’s clock has moved: {WORDS[do][0]}."
    assert control("GET", "clock")["epoch"] - before == seconds
