"""The demo vendor: four invented accounts that fill every list the API can return. Always the same people, of late."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

import orjson

from cyberadmin.sandbox.control_accounts import insert_account
from cyberadmin.sandbox.dates import day_of, day_start, months_since
from cyberadmin.sandbox.generate import DAY, HORIZON, Recipe, generate
from cyberadmin.sandbox.seed_mailings import seed_mailings
from cyberadmin.sandbox.seed_people import seed_endings, seed_slips
from cyberadmin.sandbox.store import Store

#: Consent was given within so many of the last months: most still hold, as at an agency that looks after them.
CONSENT_MONTHS = 30
Fields = tuple[tuple[int, str, str], ...]
# title, public, dynamic, share of the subscribed members
Groups = tuple[tuple[str, bool, bool, float], ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo account."""

    name: str
    username: str
    email: str
    recipe: Recipe
    fields: Fields
    groups: Groups


DEMOS = (
    Demo(
        "Musée de la Rive-Nord", "musee.rivenord", "numerique@musee.example.org",
        Recipe(2_500, 140, 60, seed="musee"),
        ((1, "Ville", "text"), (2, "Date d’adhésion", "date"), (3, "Nombre de visites", "integer"),
         (5, "Dernier don", "decimal number")),
        (("Infolettre mensuelle", True, False, 0.75), ("Membres amis du musée", False, False, 0.22),
         ("Newsletter in English", True, False, 0.18), ("Écoles et enseignants", True, False, 0.06),
         ("Mécènes", False, False, 0.03), ("Ouvertures des 90 derniers jours", False, True, 0.3)),
    ),
    Demo(
        "Festival des Lanternes", "festival.lanternes", "billetterie@lanternes.example.org",
        Recipe(12_000, 640, 260, seed="festival"),
        ((1, "Quartier", "text"), (2, "Dernière édition", "date"), (3, "Billets achetés", "integer"),
         (4, "Total des achats", "decimal number"), (7, "Artiste préféré", "text")),
        (("Programmation", True, False, 0.8), ("Festival news", True, False, 0.2), ("Bénévoles", False, False, 0.05),
         ("Passeports de saison", False, False, 0.25), ("Presse", False, False, 0.02),
         ("Nouveaux cette année", False, True, 0.12),
         ("Billetterie hivernale", True, False, 0.1)),
    ),
    Demo(
        "Coopérative Belle-Rive", "coop.bellerive", "info@bellerive.example.com",
        Recipe(300, 18, 7, seed="coop"),
        ((1, "Municipalité", "text"), (2, "Membre depuis", "date"), (3, "Parts sociales", "integer"),
         (4, "Ristourne", "decimal number")),
        (("Membres", False, False, 0.7), ("Circulaire de la semaine", True, False, 0.55),
         ("Conseil d’administration", False, False, 0.03), ("Inactifs", False, True, 0.1)),
    ),
    Demo(
        "Théâtre du Petit Quai", "theatre.petitquai", "accueil@petitquai.example.org",
        Recipe(800, 45, 20, seed="theatre"),
        ((1, "Ville", "text"), (2, "Dernière venue", "date"), (4, "Places par saison", "integer"),
         (6, "Don moyen", "decimal number")),
        (("Abonnés de saison", False, False, 0.4), ("Infolettre", True, False, 0.7),
         ("Matinées scolaires", True, False, 0.1),
         ("Amateurs d’humour", False, True, 0.2)),
    ),
)  # fmt: skip


def seed_demo(store: Store) -> None:
    """Fill an empty store with the demo accounts."""
    with store.write() as conn:
        for demo in DEMOS:
            _seed_account(store, conn, demo)


def _seed_account(store: Store, conn: sqlite3.Connection, demo: Demo) -> None:
    password = store.derive("password", demo.username)
    account_id = insert_account(store, conn, demo.name, demo.username, demo.email, password)
    rows = [(account_id, *one) for one in demo.fields]
    conn.executemany("INSERT INTO customfields VALUES (?, ?, ?, ?)", rows)
    group_ids = []
    for number, (title, public, dynamic, _) in enumerate(demo.groups):
        cursor = conn.execute(
            "INSERT INTO groups (account_id, title, is_public, is_dynamic, created_on) VALUES (?, ?, ?, ?, ?)",
            (account_id, title, public, dynamic, day_start(date(2019, 3, 4)) + number * 97 * DAY + 35_437_310),
        )
        group_ids.append(int(cursor.lastrowid or 0))
    chances = tuple(one[3] for one in demo.groups)
    recipe = Recipe(
        demo.recipe.subscribed, demo.recipe.unsubscribed, demo.recipe.bounced, demo.recipe.seed,
        group_ids=tuple(group_ids), chances=chances,
        months=months_since(HORIZON, store.clock.now()), consent_months=CONSENT_MONTHS,
    )  # fmt: skip
    first, _ = generate(conn, account_id, recipe, store.clock.now())
    seed_endings(conn, first, store.clock.now())
    seed_slips(conn, first, recipe)
    seed_mailings(store, conn, account_id, group_ids)
    _seed_optins(conn, account_id, group_ids, store.clock.now())
    _seed_batches(conn, account_id, first, store.clock.now())


def _seed_optins(conn: sqlite3.Connection, account_id: int, group_ids: list[int], now: int) -> None:
    """Three people who have not clicked yet."""
    waiting = (("Léa", "Roy", "fr_ca"), ("Ondine", "Brûlé", "fr_ca"), ("Marcus", "Osei", "en_ca"))
    for number, (firstname, lastname, language) in enumerate(waiting):
        columns = {"firstname": firstname, "lastname": lastname, "language": language}
        stored = orjson.dumps({"columns": columns, "custom": None}).decode()
        email = f"attente{number + 1}.{account_id}@example.com"
        conn.execute(
            "INSERT INTO optins (account_id, email, body, group_ids, created_on) VALUES (?, ?, ?, ?, ?)",
            (account_id, email, stored, orjson.dumps(group_ids[:1]).decode(), now - number * DAY),
        )


def _seed_batches(conn: sqlite3.Connection, account_id: int, first: int, now: int) -> None:
    """Two finished batches, one of them with an error."""
    made = day_start(day_of(now) - timedelta(days=40)) + 42_956_217
    email = conn.execute("SELECT email FROM members WHERE id = ?", (first,)).fetchone()[0]
    add = {"batchType": "addMembers", "relationType": "active-clients", "members": [{"email": email}]}
    gone = {"batchType": "unsubscribe", "ids": ["7"]}
    error = "Members with ids 7 do not exists"
    for body, result in (
        (add, {"errors": [], "successes": [email]}),
        (gone, {"errors": [{"id": "7", "description": error, "details": [error]}], "successes": []}),
    ):
        conn.execute(
            "INSERT INTO batches (account_id, type, body, created_on, starts_on, ends_on, result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account_id, body["batchType"], orjson.dumps(body).decode(), made, made + 1000, made + 3000,
             orjson.dumps(result).decode()),
        )  # fmt: skip
