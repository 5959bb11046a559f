"""Sends on the sandbox's clock, what people do with a mailing, and the eight lists of recipients."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sandbox.conftest import VendorApi, choose
from tests.sandbox.mailing_world import LATER, crowd, emails, freeze, ids, outcome, schedule, sent_now

DAY = 86_400


def test_a_mailing_starts_at_its_time_and_ends_after_its_run(api: VendorApi) -> None:
    freeze(api)
    choose(api, mailing_run_seconds=100, mailing_outcomes="none")
    mailing = schedule(api, crowd(api, 4))
    api.server.advance(25 * 3_600 - 1)
    assert api.get(f"/mailings/{mailing}")["status"] == "scheduled"
    api.server.advance(51)
    shown = api.get(f"/mailings/{mailing}")
    assert (shown["status"], shown["startedOn"]) == ("sending", "2025-10-02 09:00:00.000")
    assert (shown["recipientsCount"], shown["emailsSent"], shown["emailsStopped"]) == (4, 2, 0)
    assert (len(emails(api, mailing)), len(emails(api, mailing, "delivered"))) == (4, 2)
    assert (ids(api, "sent"), ids(api, "scheduled")) == ([mailing], [])
    api.server.advance(50)
    shown = api.get(f"/mailings/{mailing}")
    assert (shown["status"], shown["emailsSent"], shown["deliveryRate"]) == ("sent", 4, 1)
    assert [(one["operation"], one["source"], one["after"], one["body"], one["at"])
            for one in api.journal(kind="mailing")][1:] == [
        ("startMailing", "mailing", "sending", {"recipients": 4}, "2025-10-02T13:00:00.000+00:00"),
        ("endMailing", "mailing", "sent", {"recipients": 4}, "2025-10-02T13:01:40.000+00:00"),
    ]  # fmt: skip


def test_it_goes_once_to_the_subscribed_members_of_that_moment(api: VendorApi) -> None:
    freeze(api)
    choose(api, mailing_outcomes="none")
    first, second = crowd(api, 3), api.group("B")
    mailing = schedule(api, f"{first},{second}")
    api.post(api.key("r0@example.com") + "/groups", groups=str(second))
    api.member("new@example.com", groups=str(second))
    api.control("POST", "unsubscribe", email="r2@example.com")
    api.server.advance(LATER)
    api.member("late@example.com", groups=str(second))
    assert sorted(emails(api, mailing)) == ["new", "r0", "r1"]
    assert sorted(emails(api, mailing, idGroup=second)) == ["new", "r0"]
    api.delete(f"{api.key('new@example.com')}/groups/{second}")
    assert sorted(emails(api, mailing, idGroup=second)) == ["new", "r0"], "as it was on that day"
    assert api.get(api.key("r0@example.com"))["mailingsReceived"] == 1


def test_a_mailing_to_nobody_is_sent_at_once(api: VendorApi) -> None:
    freeze(api)
    mailing = schedule(api, crowd(api, 0))
    api.server.advance(25 * 3_600)
    shown = api.get(f"/mailings/{mailing}")
    assert (shown["status"], shown["recipientsCount"], shown["deliveryRate"], shown["clickRate"]) == ("sent", 0, 0, 0)
    assert emails(api, mailing) == []


def test_a_jump_of_the_clock_carries_everything_out_in_its_order(api: VendorApi) -> None:
    """A batch that ends between two mailings adds people to the second one only."""
    freeze(api)
    choose(api, batch_start_seconds=3_600, mailing_outcomes="none")
    group = crowd(api, 1)
    one = schedule(api, group, sendAt="2025-10-01 08:30:00")
    two = schedule(api, group, sendAt="2025-10-01 09:30:00")
    api.post("/batches", 201, batchType="addMembers", relationType="partners", groups=[group],
             members=[{"email": "batch@example.com"}])  # fmt: skip
    api.server.advance(DAY)
    assert (emails(api, one), sorted(emails(api, two))) == (["r0"], ["batch", "r0"])


# -- outcomes by themselves ------------------------------------------------------------------------------------


def test_people_open_click_bounce_and_leave_over_the_following_days(api: VendorApi) -> None:
    freeze(api)
    group = api.group()
    api.control("POST", "generate", members=3_000, groups=[group], prefix="big")
    mailing = schedule(api, group)
    path = f"/mailings/{mailing}"
    api.server.advance(LATER + 3_600)
    early = api.get(path)
    api.server.advance(7 * DAY)
    late = api.get(path)
    assert 100 < early["views"] < late["views"]
    assert 1_200 < late["views"] < 1_500
    assert 250 < late["clicks"] < 500
    assert 15 < late["incorrectAddresses"] < 70
    assert 8 < late["technicalProblems"] < 50
    assert late["sentToFriend"] > 0
    assert late["emailsDelivered"] == 3_000 - late["incorrectAddresses"] - late["technicalProblems"]
    assert late["deliveryRate"] == round(late["emailsDelivered"] / 3_000, 3)
    assert late["viewRate"] == round(late["views"] / late["emailsDelivered"], 3)
    assert late["clickRate"] == round(late["clicks"] / late["emailsDelivered"], 3)
    assert [one["url"] for one in late["links"]] == ["https://www.example.org/a", "https://www.example.org/b?x=1"]
    assert sum(one["clicksUnique"] for one in late["links"]) >= late["clicks"]
    assert all(one["clicksTotal"] >= one["clicksUnique"] > 0 for one in late["links"])
    check_departures(api, mailing, group, late["incorrectAddresses"])
    api.server.advance(30 * DAY)
    assert api.get(path) == late, "everything has happened"


def check_departures(api: VendorApi, mailing: int, group: int, bounced: int) -> None:
    """Hard bounces are in the account's list of them, unsubscriptions too, and nobody of them is in the group."""
    left = api.get("/members/unsubscribed", limit=1_000)
    gone = api.get(f"/mailings/{mailing}/recipients/unsubscribed", limit=1_000)
    assert 0 < left["totalCount"] == gone["totalCount"] < 40
    assert {one["idMember"] for one in gone["recipients"]} == {None}
    assert api.get("/members/bounced")["totalCount"] == bounced
    assert api.get(f"/groups/{group}")["membersCount"] == 3_000 - bounced - left["totalCount"]
    kinds = Counter((one["kind"], one["before"], one["after"]) for one in api.journal(source="mailing"))
    assert kinds["bounce", "subscribed", "bounced"] == bounced
    assert kinds["unsubscription", "subscribed", "unsubscribed"] == left["totalCount"]


def test_outcomes_count_once_a_minute(api: VendorApi) -> None:
    """Between two requests of the same minute no list of recipients moves."""
    freeze(api)
    group = api.group()
    api.control("POST", "generate", members=2_000, groups=[group], prefix="minute")
    mailing = schedule(api, group)
    api.server.advance(LATER + 1_800)
    before = api.get(f"/mailings/{mailing}")
    for _ in range(3):
        api.server.advance(14)
        assert api.get(f"/mailings/{mailing}") == before
    api.server.advance(60)
    assert api.get(f"/mailings/{mailing}")["views"] > before["views"]


# -- outcomes by hand, lists -----------------------------------------------------------------------------------


@pytest.fixture
def read(api: VendorApi) -> int:
    """A mailing to r0 to r5: r1 opened, r2 clicked twice, r3 bounced softly, r4 hard, r5 unsubscribed."""
    freeze(api)
    mailing = sent_now(api, [crowd(api, 6)])
    for kind, name in (("open", "r1"), ("click", "r2"), ("click", "r2"), ("soft_bounce", "r3"), ("hard_bounce", "r4"),
                       ("unsubscribe", "r5")):  # fmt: skip
        api.server.advance(60)
        outcome(api, mailing, kind, name)
    return mailing


def test_the_eight_lists(api: VendorApi, read: int) -> None:
    expected = {
        "": {"r0", "r1", "r2", "r3", "r4", "r5"}, "delivered": {"r0", "r1", "r2", "r5"}, "stopped": set(),
        "hard-bounced": {"r4"}, "soft-bounced": {"r3"}, "unsubscribed": {"r5"}, "opened": {"r1", "r2"}, "clicked": {"r2"},
    }  # fmt: skip
    assert {part: set(emails(api, read, part)) for part in expected} == expected
    keys = {"hard-bounced": ("hardBouncedOn", 5), "soft-bounced": ("softBouncedOn", 4), "unsubscribed": ("unsubscribedOn", 6),
            "clicked": ("clickedOn", 2), "opened": ("openedOn", 2)}  # fmt: skip
    for part, (key, minute) in keys.items():
        answer = api.get(f"/mailings/{read}/recipients/{part}")
        assert answer["recipients"][0][key] == f"2025-10-01 08:0{minute}:00.000"
        assert (answer["sort"], answer["totalCount"]) == ("date_desc", len(expected[part]))
    ids_of = {one["email"][:2]: one["idMember"] for one in api.get(f"/mailings/{read}/recipients")["recipients"]}
    assert (ids_of["r4"], ids_of["r5"], ids_of["r3"] is None) == (None, None, False)


def test_counters_links_and_the_contacts_follow(api: VendorApi, read: int) -> None:
    shown = api.get(f"/mailings/{read}")
    names = ("emailsSent", "emailsDelivered", "views", "clicks", "incorrectAddresses", "technicalProblems")
    assert [shown[name] for name in names] == [6, 4, 2, 1, 1, 1]
    assert [shown[name] for name in ("deliveryRate", "viewRate", "clickRate")] == [0.667, 0.5, 0.25]
    assert [(one["clicksUnique"], one["clicksTotal"]) for one in shown["links"]] == [(1, 2), (0, 0)]
    assert (api.person("r4@example.com")["state"], api.person("r5@example.com")["state"]) == ("bounced", "unsubscribed")
    member = api.get(api.key("r2@example.com"))
    assert (member["mailingsReceived"], member["mailingsOpened"], member["mailingsClicked"]) == (1, 1, 1)


def test_recipients_have_pages_orders_and_filters(api: VendorApi, read: int) -> None:
    assert emails(api, read, sort="email_asc") == ["r0", "r1", "r2", "r3", "r4", "r5"]
    assert emails(api, read, sort="email_desc", limit=2, page=2) == ["r3", "r2"]
    assert emails(api, read, "opened", sort="date_asc") == ["r1", "r2"]
    api.patch(api.key("r0@example.com"), firstname="Zoé", language="fr_ca")
    assert emails(api, read, sort="fullname_desc")[0] == "r0"
    assert emails(api, read, sort="language_desc")[0] == "r0"
    assert emails(api, read, sort="updated_desc")[0] == "r0"
    other = api.group("Autre")
    assert emails(api, read, idGroup=other) == []
    path = f"/mailings/{read}/recipients/opened"
    for query in ({"sort": "id_asc"}, {"idGroup": "x"}, {"page": "0"}):
        api.get(path, 422, **query)
    assert api.get(path, page=9) == {"recipients": [], "totalCount": 2, "page": 9, "limit": 20, "sort": "date_desc"}


def test_a_deleted_person_stays_a_recipient(api: VendorApi, read: int) -> None:
    member = api.get(api.key("r1@example.com"))["id"]
    api.delete(f"/members/{member}")
    (_, gone) = api.get(f"/mailings/{read}/recipients/opened")["recipients"]
    assert (gone["email"], gone["idMember"]) == ("r1@example.com", None)
    assert api.get(f"/mailings/{read}")["views"] == 2
    api.get(f"/members/{member}", 404)
    assert api.member("r1@example.com")["id"] != member
    assert "erased" not in str(api.server.state(api.account["id"]))


def test_the_older_path_of_hard_bounces(api: VendorApi, read: int) -> None:
    answer = api.get(f"/mailings/{read}/hard-bounces")
    (item,) = answer["members"]
    assert (item["email"], item["hardBouncedOn"], "idMember" in item) == (
        "r4@example.com",
        "2025-10-01 08:05:00.000",
        False,
    )
    assert (answer["totalCount"], answer["sort"]) == (1, "")
    api.get(f"/mailings/{read}/hard-bounces", 422, sort="updated_asc")


def test_an_anonymized_mailing_counts_but_names_nobody(api: VendorApi) -> None:
    mailing = sent_now(api, [crowd(api, 2)], mailingStatistics="anonymized")
    outcome(api, mailing, "click", "r0")
    shown = api.get(f"/mailings/{mailing}")
    assert (shown["views"], shown["clicks"], shown["links"][0]["clicksTotal"]) == (1, 1, 1)
    assert emails(api, mailing, "opened") == emails(api, mailing, "clicked") == []
    assert len(emails(api, mailing, "delivered")) == 2
    assert api.get(api.key("r0@example.com") + "/mailings")["mailings"][0]["opened"] is False
    assert api.get(api.key("r0@example.com"))["mailingsClicked"] == 0


def test_a_deep_page_of_recipients_costs_about_what_the_first_one_costs(api: VendorApi) -> None:
    group = api.group()
    api.control("POST", "generate", members=20_000, groups=[group], prefix="deep")
    mailing = sent_now(api, [group])

    def seconds(page: int) -> float:
        taken = []
        for _ in range(5):
            answer = api.raw("GET", f"/mailings/{mailing}/recipients/delivered?limit=200&page={page}")
            assert len(answer.json()["recipients"]) == 200
            taken.append(answer.elapsed.total_seconds())
        return min(taken)

    assert seconds(100) < 3 * seconds(1)
