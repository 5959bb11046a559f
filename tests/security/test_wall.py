"""Rows that cross the wall between two clients are found wherever they came from (docs/security.md, line 4)."""

from __future__ import annotations

import logging

import pytest
from django.db import IntegrityError, connection, transaction

from contacts.models import GroupMembership
from cyberadmin.accounts import wall
from cyberadmin.accounts.models import Account
from cyberadmin.sync import tasks
from cyberadmin.sync.mirror import writing
from tests.accounts.isolation_world import Agency


def raw(statement: str, *values: object) -> None:
    """A bare SQL statement, past every model and service."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_bare_insert_is_found_at_night(agency: Agency, caplog: pytest.LogCaptureFixture) -> None:
    tasks.check_wall()
    assert caplog.records == []
    raw(
        "INSERT INTO contacts_groupmembership (contact_id, group_id, pending) VALUES (%s, %s, '')",
        agency.ours.pks["contact"],
        agency.theirs.pks["group"],
    )
    with caplog.at_level(logging.ERROR):
        tasks.check_wall()
    assert [record.getMessage() for record in caplog.records] == [
        "Promise P9 is broken: GroupMembership.group refers to another client's row"
    ]


def test_a_bulk_insert_is_found(agency: Agency) -> None:
    foreign = GroupMembership(contact_id=agency.theirs.pks["contact"], group_id=agency.ours.pks["group"])
    with writing():
        GroupMembership.objects.bulk_create([foreign])
    assert wall.crossings() == ["GroupMembership.group"]


def test_every_relation_is_watched_that_the_planted_rows_can_cross(agency: Agency) -> None:
    """Point each relation of a row of ours to a row of theirs, by a bare update, and take it back."""
    scoped = wall.scoped_models()
    crossed: list[str] = []
    refused: list[str] = []
    for name, _rows in wall.relations():
        model = next(model for model in scoped if model.__name__ == name.split(".")[0])
        field = model._meta.get_field(name.split(".")[1])
        target = field.related_model
        ours = model._base_manager.filter(**{scoped[model]: agency.ours.account}).first()
        theirs = target._base_manager.filter(**{scoped[target]: agency.theirs.account}).first()
        if ours is None or theirs is None or field.unique or scoped[model].startswith(f"{field.name}__"):
            continue
        table, column, key = model._meta.db_table, field.column, model._meta.pk.column
        try:
            with transaction.atomic():
                raw(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", theirs.pk, ours.pk)
                assert name in wall.crossings(), name
                transaction.set_rollback(True)
        except IntegrityError:
            # Where theirs has its place taken already, the database itself refuses.
            refused.append(name)
        else:
            crossed.append(name)
    assert len(crossed) >= 10, (crossed, refused)
    assert len(refused) <= 2, refused
    assert wall.crossings() == []


def test_everything_that_holds_a_clients_data_leads_to_its_client() -> None:
    """A table that leads to no client is of the agency: each is named here, so that a new one is thought about."""
    free = {
        model.__name__
        for model in wall.apps.get_models()
        if model not in wall.scoped_models() and model is not Account and model.__module__.split(".")[0] != "django"
    }
    assert free <= {
        "Allowance",
        "Case",
        "DigestChoice",
        "DigestSent",
        "ErasureKey",
        "FactorPolicy",
        "Heartbeat",
        "Installation",
        "Profile",
        "RecoveryCode",
        "SecondFactor",
        "StaffSession",
        "Submission",
    }
