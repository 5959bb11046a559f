"""The addresses of the pages about persons and cases."""

from typing import Any

from django.urls import URLPattern, path

from .pages import cases, find, part

PAGES: tuple[tuple[str, str, Any], ...] = (
    ("find/", "find_person", find.FindPage),
    ("find/person/", "person_found", find.PersonPage),
    ("cases/", "cases", cases.ListPage),
    ("cases/open/", "case_open", cases.OpenPage),
    ("cases/<int:object_id>/", "case", cases.ShowPage),
    ("cases/<int:object_id>/status/", "case_status", cases.StatusPage),
    ("cases/<int:object_id>/identity/", "case_identity", cases.IdentityPage),
    ("cases/<int:object_id>/clients/", "case_clients", cases.ClientsPage),
    ("cases/client/<int:object_id>/decide/", "case_decide", part.DecidePage),
    ("cases/client/<int:object_id>/json/", "case_json", part.JsonPage),
    ("cases/client/<int:object_id>/csv/", "case_csv", part.CsvPage),
    ("cases/client/<int:object_id>/proof/", "case_proof", part.ProofPage),
    ("cases/client/<int:object_id>/acknowledgement/", "case_acknowledgement", part.LettersPage),
    ("cases/client/<int:object_id>/answer/", "case_answer", part.AnswerPage),
    ("cases/client/<int:object_id>/certificate/", "case_certificate", part.CertificatePage),
)


def case_urls(site: Any) -> list[URLPattern]:
    """Every page about persons and cases."""
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in PAGES]
