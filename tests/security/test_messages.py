"""What workers take from the broker: JSON, known names, ids that are looked up (docs/security.md, line 31)."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from cyberadmin.celery import app
from tests.accounts.isolation_world import Agency

MISSING = 987654321


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def ours() -> dict[str, Any]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


@pytest.mark.parametrize("kind", ["application/x-python-serialize", "application/x-yaml"])
def test_only_json_is_opened(tmp_path: Path, kind: str) -> None:
    assert list(app.conf.accept_content) == ["json"]
    accepted = {f"application/{name}" for name in app.conf.accept_content}
    body = pickle.dumps(Trap(tmp_path / "sprung"))
    with pytest.raises(ContentDisallowed):
        loads(body, kind, "binary", accept=accepted)
    assert not (tmp_path / "sprung").exists()
    loads(body, "application/x-python-serialize", "binary", accept={"application/x-python-serialize"})
    assert (tmp_path / "sprung").exists()


def test_tasks_are_sent_as_json_and_return_nothing() -> None:
    assert app.conf.task_serializer == app.conf.result_serializer == "json"
    assert app.conf.task_ignore_result
    assert len(ours()) >= 10
    for name, task in ours().items():
        assert task.serializer == "json", name


def test_an_unknown_name_is_no_task() -> None:
    for name in ("os.system", "builtins.eval", "cyberadmin.sync.push.pump", "contacts.tasks.nothing"):
        assert name not in app.tasks


def every_row() -> dict[str, list[tuple[Any, ...]]]:
    return {model.__name__: list(model._base_manager.order_by("pk").values_list()) for model in apps.get_models()}


def test_ids_of_nothing_do_nothing(agency: Agency) -> None:
    """A forged message may name any row: where there is none, no row of anybody's changes."""
    before = every_row()
    called = 0
    for name, task in ours().items():
        if task.run.__code__.co_argcount == 0 or not name.startswith(("cyberadmin", "contacts", "campaigns")):
            continue
        with suppress(ObjectDoesNotExist):
            task.run(*[MISSING] * task.run.__code__.co_argcount)
        assert every_row() == before, name
        called += 1
    assert called >= 10
