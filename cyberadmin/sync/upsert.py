"""Reading and writing thousands of mirror rows at once: the fastest way that each database offers.

Django's `bulk_create` spends its time in the SQL compiler, so the two statements are written here: many-row VALUES on
SQLite, COPY into a temporary table on PostgreSQL. Only the pull and the import go through here. Updates are guarded: a
row that staff edited since it was looked at is left alone and reported as not written, so that it can be merged field
by field instead (promise P4).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, cast

import orjson
from django.db import connection, models
from django.db.models.expressions import RawSQL

Row = Sequence[Any]
Written = list[tuple[Any, ...]]
#: SQLite allows 32,766 variables in a statement.
_MOST_VARIABLES = 32_000


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    returning: str,
    *,
    skip_existing: bool = False,
) -> Written:
    """Insert rows; returns (primary key, `returning`) of each written. `columns` are database columns, values are Python's.

    With `skip_existing`, one that exists already is left out; else IntegrityError is raised, and nothing is written.
    """
    table = model._meta.db_table
    names = ", ".join(columns)
    end = f"{'ON CONFLICT DO NOTHING ' if skip_existing else ''}RETURNING id, {returning}"
    if connection.vendor == "postgresql":
        with _Staged(model, columns, rows) as staged:
            sql = f"INSERT INTO {table} ({names}) SELECT {names} FROM {staged} {end}"  # noqa: S608
            return _fetch(sql)
    found: Written = []
    for chunk, marks in _chunks(model, columns, rows):
        sql = f"INSERT INTO {table} ({names}) VALUES {marks} {end}"  # noqa: S608
        found += _sqlite(sql, chunk)
    return found


def refresh_statistics(model: type[models.Model]) -> None:
    """Tell PostgreSQL's planner of an account that it has never met: believing it empty, it walks it for each key."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Whoever vacuums the table just now brings its statistics up to date as well.
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {model._meta.db_table}")


def pick_rows(
    model: type[models.Model],
    account_id: int,
    column: str,
    values: Sequence[int] | Sequence[str],
    columns: Sequence[str],
    where: str = "1 = 1",
) -> Written:
    """`columns` of the account's rows whose `column` is one of `values`, and for which `where` (our own SQL) holds.

    Ten thousand values are one parameter, and each is looked up by itself: left to choose, both databases walk the account.
    """
    names = ", ".join(f"c.{name}" for name in columns)
    table, condition = model._meta.db_table, f"c.account_id = %s AND c.{column} = asked.value AND {where}"
    parameter: Any
    if connection.vendor == "postgresql":
        kind = "bigint" if isinstance(next(iter(values), None), int) else "text"
        # OFFSET keeps the planner from turning the look-ups into one walk.
        one = f"SELECT {names} FROM {table} AS c WHERE {condition} OFFSET 0"  # noqa: S608
        sql = f"SELECT {names} FROM unnest(CAST(%s AS {kind}[])) AS asked(value) CROSS JOIN LATERAL ({one}) AS c"  # noqa: S608
        parameter = list(values)
    else:
        sql = f"SELECT {names} FROM json_each(%s) AS asked CROSS JOIN {table} AS c WHERE {condition}"  # noqa: S608
        parameter = orjson.dumps(values).decode()
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter, account_id])
        return cast(Written, cursor.fetchall())


def listed(keys: Sequence[int]) -> RawSQL:
    """Thousands of numbers for `…__in=`, as one parameter: Django would write, and check, a placeholder for each."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(CAST(%s AS bigint[]))", [list(keys)])  # noqa: S611 - our own words
    return RawSQL("SELECT value FROM json_each(%s)", [orjson.dumps(list(keys)).decode()])  # noqa: S611 - our own words


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row], shown: frozenset[str]
) -> list[int]:
    """Update mirror rows by primary key; returns the primary keys written.

    Each row starts with its `id` and the `edit_version` it was read with, then the values of `columns`. A row with open
    changes, or whose version moved, is not written. The version grows where a column of `shown` (what staff see and
    edit) takes another value.
    """
    table = model._meta.db_table
    staged_columns = ["id", "edit_version", *columns]
    on_postgres = connection.vendor == "postgresql"
    source = staged_columns if on_postgres else [f"column{number}" for number in range(1, len(staged_columns) + 1)]
    value_of = dict(zip(staged_columns, source, strict=True))
    differs = " OR ".join(f"t.{name} IS DISTINCT FROM v.{value_of[name]}" for name in columns if name in shown)
    changes = [f"{name} = v.{value_of[name]}" for name in columns]
    changes.append(f"edit_version = t.edit_version + CASE WHEN {differs} THEN 1 ELSE 0 END")
    start = f"UPDATE {table} AS t SET {', '.join(changes)} FROM "  # noqa: S608 - names are our own columns
    guard = (
        f" AS v WHERE t.id = v.{value_of['id']} AND t.snapshot IS NULL"
        f" AND t.edit_version = v.{value_of['edit_version']} RETURNING t.id"
    )
    if on_postgres:
        with _Staged(model, staged_columns, rows) as staged:
            return [row[0] for row in _fetch(start + staged + guard)]
    # SQLite knows the updated table by its own name in RETURNING only.
    guard = guard.replace("RETURNING t.id", "RETURNING id")
    written: list[int] = []
    for chunk, marks in _chunks(model, staged_columns, rows):
        written += [row[0] for row in _sqlite(f"{start}(VALUES {marks}){guard}", chunk)]
    return written


def _fetch(sql: str) -> Written:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cast(Written, cursor.fetchall())


def _sqlite(sql: str, parameters: list[Any]) -> Written:
    # The driver itself: Django's cursor would rewrite 32,000 placeholders for each statement.
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return cast(Written, connection.connection.execute(sql, parameters).fetchall())


def _chunks(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> Iterable[tuple[list[Any], str]]:
    """Parameters and placeholders of each statement."""
    adapt = _adapters(model, columns)
    size = _MOST_VARIABLES // len(columns)
    one = f"({', '.join('?' * len(columns))})"
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        parameters: list[Any] = []
        for row in chunk:
            values = list(row)
            for index, convert in adapt:
                if values[index] is not None:
                    values[index] = convert(values[index])
            parameters += values
        yield parameters, ", ".join([one] * len(chunk))


def _adapters(model: type[models.Model], columns: Sequence[str]) -> list[tuple[int, Callable[[Any], Any]]]:
    """(position, conversion) of the columns whose Python value the driver does not take as it is."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for index, name in enumerate(columns):
        field = fields[name]
        if isinstance(field, models.JSONField):
            found.append((index, _json))
        elif connection.vendor == "sqlite" and isinstance(field, models.DateTimeField):
            found.append((index, _utc_text))
        elif connection.vendor == "sqlite" and isinstance(field, models.DateField):
            found.append((index, dt.date.isoformat))
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


@lru_cache(maxsize=16)
def _utc_text(value: dt.datetime) -> str:
    """As Django stores an aware moment in SQLite. The thousand rows of an import share a few moments."""
    utc = value if value.tzinfo is dt.UTC else value.astimezone(dt.UTC)
    return utc.isoformat(" ")[:-6]


class _Staged:
    """Rows copied into a temporary PostgreSQL table; entering gives its name."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
        self.model, self.columns, self.rows = model, columns, rows
        self.name = f"staged_{model._meta.db_table}"

    def __enter__(self) -> str:
        names = ", ".join(self.columns)
        adapt = _adapters(self.model, self.columns)
        with connection.cursor() as cursor:
            table = self.model._meta.db_table
            cursor.execute(f"CREATE TEMPORARY TABLE {self.name} AS SELECT {names} FROM {table} WITH NO DATA")  # noqa: S608
            with connection.wrap_database_errors, cursor.copy(f"COPY {self.name} ({names}) FROM STDIN") as copy:
                for row in self.rows:
                    values = list(row)
                    for index, convert in adapt:
                        if values[index] is not None:
                            values[index] = convert(values[index])
                    copy.write_row(values)
        return self.name

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {self.name}")
