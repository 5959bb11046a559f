"""What the machines that watch the console are told, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from cyberadmin.celery import app
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, Heartbeat
from tests.accounts.isolation_world import build

pytestmark = pytest.mark.django_db

TOKEN = "figures-for-the-watcher"


def test_it_says_that_it_is_alive(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_it_is_ready_only_with_a_worker(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": True, "broker": True, "worker": False})
    Heartbeat.objects.create(name="a worker", at=now())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["worker"]) == (200, True)


def test_a_broker_that_is_away_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Heartbeat.objects.create(name="a worker", at=now())
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": True, "broker": False, "worker": True})


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer "])
def test_figures_are_for_the_watcher_alone(client: Client, settings, header: str | None) -> None:
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": header} if header else {}
    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_there_are_no_figures(client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_figures_are_numbers_and_nobodys_data(client: Client, settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    agency = build()
    Change.objects.filter(state="queued").delete()
    old = Change.objects.create(
        account=agency.ours.account, kind="contact", object_id=1, verb="update", state="queued", not_before=now()
    )
    Change.objects.filter(pk=old.pk).update(created_at=now() - timedelta(hours=1))
    Heartbeat.objects.update(at=now() - timedelta(minutes=10))
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures['cyberadmin_changes{state="queued"}']) == 1
    assert 3600 <= float(figures["cyberadmin_oldest_waiting_seconds"]) < 3700
    assert float(figures['cyberadmin_accounts{state="working"}']) >= 1
    assert 600 <= float(figures["cyberadmin_worker_silence_seconds"]) < 700
    assert agency.ours.marker.lower() not in text.lower()
