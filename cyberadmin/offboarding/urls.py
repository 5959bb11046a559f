"""The addresses of the pages of off-boardings: inside a client while they go on, outside once the client has ended."""

from typing import Any

from django.urls import URLPattern, path

from .pages import ended, leaving

PAGES: tuple[tuple[str, str, Any], ...] = (
    ("leaving/", "leaving", leaving.ShowPage),
    ("leaving/status/", "leaving_status", leaving.StatusPage),
    ("leaving/begin/", "leaving_begin", leaving.BeginPage),
    ("leaving/file/", "leaving_file", leaving.FilePage),
    ("leaving/file/download/", "leaving_download", leaving.DownloadPage),
    ("leaving/file/none/", "leaving_no_file", leaving.NoFilePage),
    ("leaving/mailings/cancel/", "leaving_cancel", leaving.CancelPage),
    ("leaving/mailings/keep/", "leaving_keep", leaving.KeepPage),
    ("leaving/changes/discard/", "leaving_discard", leaving.DiscardPage),
    ("leaving/changes/hand-over/", "leaving_hand_over", leaving.HandOverPage),
    ("leaving/token/", "leaving_revoke", leaving.RevokePage),
    ("leaving/purge/", "leaving_purge", leaving.PurgePage),
    ("leaving/stop/", "leaving_stop", leaving.StopPage),
    ("ended/", "ended_clients", ended.ListPage),
    ("ended/<slug:slug>/", "ended_client", ended.ShowPage),
    ("ended/<slug:slug>/status/", "ended_status", ended.StatusPage),
    ("ended/<slug:slug>/certificate/", "ended_certificate", ended.CertificatePage),
)


def offboarding_urls(site: Any) -> list[URLPattern]:
    """Every page about a client who leaves or has left."""
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in PAGES]
