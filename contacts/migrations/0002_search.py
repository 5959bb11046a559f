"""The search index over `search_text` (contacts/search.py), and the index that finds tombstones by address.

SQLite loses triggers when a table is rebuilt: a later migration that alters `contacts_contact` has to run `index_sqlite`
again (tests/contacts/test_search.py fails if one forgets).
"""

from django.db import migrations, models

SQLITE_TRIGGERS = (
    """CREATE TRIGGER contacts_search_added AFTER INSERT ON contacts_contact BEGIN
         INSERT INTO contacts_search(rowid, search_text) VALUES (new.id, new.search_text); END""",
    """CREATE TRIGGER contacts_search_removed AFTER DELETE ON contacts_contact BEGIN
         INSERT INTO contacts_search(contacts_search, rowid, search_text) VALUES ('delete', old.id, old.search_text); END""",
    """CREATE TRIGGER contacts_search_changed AFTER UPDATE OF search_text ON contacts_contact
         WHEN old.search_text <> new.search_text BEGIN
         INSERT INTO contacts_search(contacts_search, rowid, search_text) VALUES ('delete', old.id, old.search_text);
         INSERT INTO contacts_search(rowid, search_text) VALUES (new.id, new.search_text); END""",
)


def index_sqlite(schema_editor):
    for name in ("added", "removed", "changed"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS contacts_search_{name}")
    schema_editor.execute("DROP TABLE IF EXISTS contacts_search")
    # Words come ready-made, so the plainest tokenizer is the right one; neither ranks nor phrases are asked for.
    schema_editor.execute(
        "CREATE VIRTUAL TABLE contacts_search USING fts5(search_text, content='contacts_contact', content_rowid='id',"
        " tokenize='ascii', detail=none, columnsize=0)"
    )
    for trigger in SQLITE_TRIGGERS:
        schema_editor.execute(trigger)
    schema_editor.execute("INSERT INTO contacts_search(contacts_search) VALUES ('rebuild')")


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        index_sqlite(schema_editor)
    else:
        schema_editor.execute(
            "CREATE INDEX contacts_search ON contacts_contact"
            " USING gin (array_to_tsvector(string_to_array(search_text, ' ')))"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("added", "removed", "changed"):
            schema_editor.execute(f"DROP TRIGGER contacts_search_{name}")
        schema_editor.execute("DROP TABLE contacts_search")
    else:
        schema_editor.execute("DROP INDEX contacts_search")


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [
        migrations.RunPython(build, remove),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["account", "email_key"], condition=models.Q(gone_at__isnull=False), name="contact_gone"
            ),
        ),
    ]
