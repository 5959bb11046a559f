"""The history cannot be rewritten, not even by a bare SQL statement: triggers refuse UPDATE and DELETE on its table.

Only three things may touch an entry: its age (`audit.purge`), the erasure of a person (`audit.scrub`) and the end of a client
(`audit.mask`), and all pass through `rewriting` here. A deleted account or log-in empties its reference, while the names stay (docs/engine.md 4, line 30).

The triggers are made anew after every `migrate`, because SQLite loses them when Django rebuilds a table. On SQLite they ask
a function that only this product's connections have, so another program's statement fails as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_open: ContextVar[bool] = ContextVar("history_open", default=False)
_TABLE = "accounts_auditevent"
_KEPT = ("id", "at", "actor_name", "account_name", "action", "detail", "why")
_REFERENCES = ("actor_id", "account_id")
WORDS = "History entries are never changed."


@contextmanager
def rewriting() -> Iterator[None]:
    """Let this thread change history entries until the block, one transaction, ends."""
    with opened(), transaction.atomic():
        _tell_postgres("open")
        yield
        _tell_postgres("")


@contextmanager
def opened() -> Iterator[None]:
    """What `rewriting` does on SQLite; by itself only for the test runner, which empties all tables between tests."""
    before = _open.set(True)
    try:
        yield
    finally:
        _open.reset(before)


def connected(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new SQLite connection the function that the triggers ask."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("history_is_open", 0, _open.get)


def install(sender: Any, using: str, **kwargs: Any) -> None:
    """Make the triggers, after `migrate` and wherever they are missing."""
    connection = connections[using]
    if _TABLE not in connection.introspection.table_names():
        return
    statements = _postgres() if connection.vendor == "postgresql" else _sqlite()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _tell_postgres(state: str) -> None:
    connection = transaction.get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('cyberadmin.history', %s, true)", [state])


def _harmless(same: str) -> str:
    """The condition of an update that only empties references; `same` compares two values, empty ones too."""
    kept = [f"NEW.{name} {same} OLD.{name}" for name in _KEPT]
    emptied = [f"(NEW.{name} IS NULL OR NEW.{name} {same} OLD.{name})" for name in _REFERENCES]
    return " AND ".join([*kept, *emptied])


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS history_not_changed BEFORE UPDATE ON {_TABLE}"
        f" WHEN NOT history_is_open() AND NOT ({_harmless('IS')}) {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS history_not_deleted BEFORE DELETE ON {_TABLE}"
        f" WHEN NOT history_is_open() {refuse}",
    ]


def _postgres() -> list[str]:
    return [
        f"""CREATE OR REPLACE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF coalesce(current_setting('cyberadmin.history', true), '') = 'open' THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
          END IF;
          IF TG_OP = 'UPDATE' THEN
            IF {_harmless("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
          END IF;
          RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        f"CREATE OR REPLACE TRIGGER history_guard BEFORE UPDATE OR DELETE ON {_TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION history_guard()",
    ]
