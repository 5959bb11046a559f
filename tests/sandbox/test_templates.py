"""Templates (api/README.md 4.8)."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import VendorApi
from tests.sandbox.mailing_world import freeze


def test_a_new_template_is_born_unchanged_and_listed_without_bodies(api: VendorApi) -> None:
    freeze(api)
    made = api.post("/templates", 201, title="Gabarit", bodyHtml="<p>[CONTENU]</p>")
    now = "2025-10-01 08:00:00.000"
    summary = {"id": made["id"], "title": "Gabarit", "createdOn": now, "updatedOn": now}
    assert made == {**summary, "bodyHtml": "<p>[CONTENU]</p>", "bodyText": ""}
    assert api.get(f"/templates/{made['id']}") == made
    assert api.get("/templates")["templates"] == [summary]


@pytest.mark.parametrize(
    "body",
    [{}, {"title": "A"}, {"bodyText": "x"}, {"title": 5, "bodyText": "x"}, {"title": "A", "bodyHtml": 1},
     {"title": "A", "bodyText": None}, {"title": "A", "bodyHtml": "", "bodyText": ""}],
)  # fmt: skip
def test_a_wrong_template_is_refused(api: VendorApi, body: dict[str, object]) -> None:
    api.post("/templates", 422, **body)
    made = api.post("/templates", 201, title="A", bodyText="x")
    api.put(f"/templates/{made['id']}", 422, **body)
    assert api.get(f"/templates/{made['id']}") == made


def test_put_resets_what_is_left_out_and_moves_updated_on_only(api: VendorApi) -> None:
    freeze(api)
    made = api.post("/templates", 201, title="A", bodyHtml="<p>a</p>", bodyText="a")
    api.server.advance(60)
    put = api.put(f"/templates/{made['id']}", title="B", bodyText="b")
    assert put == made | {"title": "B", "bodyHtml": "", "bodyText": "b", "updatedOn": "2025-10-01 08:01:00.000"}
    assert api.raw("PATCH", f"/templates/{made['id']}", json={"title": "C"}).status_code == 405


def test_delete_and_unknown_ids(api: VendorApi) -> None:
    made = api.post("/templates", 201, title="A", bodyText="a")["id"]
    other = VendorApi(api.server, api.server.new_account("Autre"))
    with other.session:
        other.get(f"/templates/{made}", 404)
        other.delete(f"/templates/{made}", 404)
    assert api.delete(f"/templates/{made}") == {str(made): "deleted"}
    for path in (f"/templates/{made}", "/templates/x", "/templates/0"):
        api.get(path, 404)
    api.put(f"/templates/{made}", 404, title="A", bodyText="a")
    operations = [one["operation"] for one in api.journal(kind="template")]
    assert operations == ["createTemplate", "deleteTemplate"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("", "bac"), ("template_asc", "abc"), ("template_desc", "cba"), ("created_desc", "cab"), ("updated_asc", "acb"),
     ("usage_desc", "abc"), ("usage_asc", "cba"), ("language_asc", "cab"), ("subject_desc", "cba")],
)  # fmt: skip
def test_orders_and_pages(api: VendorApi, sort: str, expected: str) -> None:
    freeze(api)
    made = {}
    for name, title, usage, language in (("b", "beta", 2, "fr_ca"), ("a", "Alpha", 5, "en_ca"), ("c", "Gamma", 0, "")):
        made[name] = api.control("POST", "templates", title=title, bodyText="x", usage=usage, language=language,
                                 subject=title)["id"]  # fmt: skip
        api.server.advance(60)
    api.control("PATCH", "templates", id=made["b"], bodyText="y")
    wanted = [made[name] for name in expected]
    assert [one["id"] for one in api.get("/templates", sort=sort)["templates"]] == wanted
    page = api.get("/templates", sort=sort, limit=2, page=2)
    assert [one["id"] for one in page["templates"]] == wanted[2:]
    assert (page["totalCount"], page["limit"], page["sort"]) == (3, 2, sort)
    api.get("/templates", 422, sort="title_asc")


def test_templates_of_the_application_may_have_no_title(api: VendorApi) -> None:
    made = api.control("POST", "templates", bodyHtml="<p>x</p>")["id"]
    assert api.get(f"/templates/{made}")["title"] == ""
    api.control("PATCH", "templates", id=made, title="Nommé")
    assert api.get("/templates")["templates"][0]["title"] == "Nommé"
    api.control("DELETE", "templates", id=made)
    assert api.get("/templates")["totalCount"] == 0
