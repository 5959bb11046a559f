"""Pages, orders, filters and dates of GET /members (api/README.md 3; 6, rows 5 to 7)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi


def emails(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["email"].partition("@")[0] for one in answer["members"]]


@pytest.fixture
def people(api: VendorApi) -> VendorApi:
    """a (in a group), b, c: joined on three Eastern days; c edited on the fifth."""
    group = api.group()
    rows = (("c", "2025-03-01T12:00:00+00:00", "en_ca", "Zoé"), ("a", "2025-03-03T04:30:00+00:00", "fr_ca", "Anna"),
            ("b", "2025-03-03T12:00:00+00:00", "", "Émile"))  # fmt: skip
    for name, moment, language, firstname in rows:
        api.server.control("POST", "clock", mode="frozen", set=moment)
        groups = str(group) if name == "a" else ""
        api.member(f"{name}@example.com", language=language, firstname=firstname, groups=groups)
    api.server.control("POST", "clock", set="2025-03-05T12:00:00+00:00")
    api.patch(api.key("c@example.com"), company="X")
    return api


def test_the_default_status_leaves_orphans_out(people: VendorApi) -> None:
    assert emails(people.get("/members")) == ["a"]
    assert emails(people.get("/members", status="active")) == ["a"]
    assert emails(people.get("/members", status="orphans")) == ["c", "b"]
    assert emails(people.get("/members", status="all")) == ["c", "a", "b"]


def test_the_envelope(people: VendorApi) -> None:
    answer = people.get("/members", status="all", limit=2, page=2, sort="email_asc")
    del answer["members"]
    assert answer == {"totalCount": 3, "page": 2, "limit": 2, "sort": "email_asc", "items_per_page": 2}
    assert people.get("/members")["limit"] == 20


def test_empty_parameters_count_as_absent(people: VendorApi) -> None:
    names = ("page", "limit", "status", "sort", "joinedOnFrom", "joinedOnTo", "updatedOnFrom", "dateReturnFormat")
    assert people.get("/members", **dict.fromkeys(names, "")) == people.get("/members")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("email_asc", "abc"), ("email_desc", "cba"), ("language_asc", "bca"), ("fullname_asc", "acb"),
     ("date_asc", "cab"), ("date_desc", "bac"), ("consent_date_desc", "bac"), ("updated_desc", "cba"),
     ("consent_type_asc", "cab"), ("fullname_desc", "bca"), ("language_desc", "acb"), ("updated_asc", "abc"),
     ("consent_type_desc", "bac"), ("consent_date_asc", "cab")],
)  # fmt: skip
def test_orders(people: VendorApi, sort: str, expected: str) -> None:
    assert "".join(emails(people.get("/members", status="all", sort=sort))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"joinedOnFrom": "2025-03-02"}, "ab"), ({"joinedOnTo": "2025-03-02"}, "ca"),
     ({"joinedOnFrom": "2025-03-02", "joinedOnTo": "2025-03-02"}, "a"), ({"updatedOnFrom": "2025-03-05"}, "c"),
     ({"updatedOnTo": "2025-03-04"}, ""), ({"updatedOnFrom": "2025-03-06"}, "")],
)  # fmt: skip
def test_filters_are_whole_eastern_days(people: VendorApi, query: dict[str, str], expected: str) -> None:
    answer = people.get("/members", status="all", **query)
    assert ("".join(emails(answer)), answer["totalCount"]) == (expected, len(expected))


@pytest.mark.parametrize(
    ("name", "value"),
    [("page", "0"), ("page", "-1"), ("page", "x"), ("page", str(2**64)), ("limit", "0"), ("limit", "10001"), ("limit", "1.5"),
     ("sort", "id_asc"), ("status", "subscribed"), ("joinedOnFrom", "2025-2-1"), ("joinedOnTo", "2025-02-30"),
     ("updatedOnFrom", "hier"), ("dateReturnFormat", "RFC")],
)  # fmt: skip
def test_a_wrong_parameter_is_422_and_named(api: VendorApi, name: str, value: str) -> None:
    assert list(api.get("/members", 422, **{name: value})["errors"]) == [name]


def test_a_repeated_parameter_is_refused(api: VendorApi) -> None:
    api.call("GET", "/members", 422, params=[("page", "1"), ("page", "2")])


def test_limit_may_be_10000(people: VendorApi) -> None:
    assert people.get("/members", status="all", limit=10_000)["limit"] == 10_000


def test_a_page_past_the_end_is_empty_with_the_true_total(people: VendorApi) -> None:
    for page in (2, 10**12):
        answer = people.get("/members", status="all", page=page)
        assert (answer["members"], answer["totalCount"], answer["page"]) == ([], 3, page)


@pytest.mark.parametrize(
    ("style", "expected"),
    [("", "2025-03-02 23:30:00.000"), ("ISO8601", "2025-03-02T23:30:00-0500"), ("ATOM", "2025-03-02T23:30:00-05:00")],
)
def test_dates_of_any_call_can_have_an_offset(people: VendorApi, style: str, expected: str) -> None:
    assert people.get(people.key("a@example.com"), dateReturnFormat=style)["joinedOn"] == expected


def test_summer_time_is_an_hour_ahead(api: VendorApi) -> None:
    api.server.control("POST", "clock", mode="frozen", set="2025-07-01T12:00:00.250+00:00")
    made = api.call("POST", "/members", 201, json={"email": "a@b.ca"}, params={"dateReturnFormat": "ATOM"})
    assert made["joinedOn"] == "2025-07-01T08:00:00-04:00"
    assert api.get(f"/members/{made['id']}")["joinedOn"] == "2025-07-01 08:00:00.250"


def test_deep_pages_agree_with_one_another_and_follow_every_write(api: VendorApi) -> None:
    """The ranks kept for deep pages must never answer for a state that is gone."""
    group = api.group()
    api.server.control("POST", "generate", account=api.account["id"], members=2_600, groups=[group])

    def whole(path: str, **query: str) -> list[int]:
        ids: list[int] = []
        for page in range(1, 10):
            ids += [one["id"] for one in api.get(path, limit=300, page=page, **query)["members"]]
        return ids

    def check() -> list[int]:
        ids = whole("/members", status="all")
        assert ids == sorted(set(ids))
        assert ids == whole("/members")
        assert ids == whole(f"/groups/{group}/members")
        assert ids == sorted(whole("/members", sort="email_desc"))
        assert ids == sorted(whole("/members", sort="updated_asc"))
        return ids

    before = check()
    assert len(before) == 2_600
    api.delete(f"/members/{before[1]}")
    made = api.member("new@example.com", groups=str(group))
    assert check() == [before[0], *before[2:], made["id"]]
    api.patch(f"/members/{before[5]}", company="X")
    assert whole("/members", sort="updated_desc")[0] == before[5]
    answer = api.get("/members", updatedOnFrom="2026-01-01", limit=100, page=1)
    assert [one["id"] for one in answer["members"]] == [before[5]]


def test_a_deep_page_of_many_costs_about_what_the_first_one_costs(api: VendorApi) -> None:
    api.server.control("POST", "generate", account=api.account["id"], members=60_000)

    def seconds(page: int) -> float:
        taken = []
        for _ in range(5):
            answer = api.raw("GET", f"/members?status=all&limit=1000&page={page}")
            assert len(answer.json()["members"]) == 1_000
            taken.append(answer.elapsed.total_seconds())
        return min(taken)

    assert seconds(60) < 3 * seconds(1)
