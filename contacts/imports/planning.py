"""The import as a bulk change: plan the file, send it in the vendor's batches, write down what arrived, take it back.

    upload → columns and choices (contacts/bulk/uploads.py) → plan → approval → batches → results

Every row of the file that is not empty becomes one row of the plan, numbered as a spreadsheet numbers it. The file is read
twice, as a stream: once for what its columns prove about dates, once for the rows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.bulk.base import V, subscribed, to_do
from contacts.bulk.groups import GROUP, check_groups, look_at_groups
from contacts.consent import terms
from contacts.models import CustomField, ImportFile, Relation
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import AddMembers, BatchMember, BatchWrite
from cyberadmin.sync.bulk.kinds import BulkKind, Judged, Originals, Refused
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from cyberadmin.sync.uploads import Store, UploadError
from groups.models import Group

from . import import_words, problems, reading, survey
from .columns import Custom, check_mapping
from .convert import Converter
from .judging import CONSENT_ON, CONSENT_PROOF, RELATION, Choices, ImportJudge, relation_of
from .overlap import other_client
from .settling import settle

PIECE = 2_000
_RANGE = 20_000
KIND = "import"
#: Where the lists lie, sealed.
STORE = Store("imports")


def customs_of(account_id: int) -> list[Custom]:
    """The client's custom fields, as columns may fill them."""
    fields = CustomField.objects.filter(account=account_id, gone_at=None)
    return [Custom(field.remote_id, field.name, field.type) for field in fields]


def source_of(file: ImportFile, customs: Sequence[Custom]) -> reading.Source:
    """The file as its layout says to read it. Raises Refused."""
    if not file.stored_name:
        raise Refused("file_purged")
    try:
        return reading.open_source(opener_of(file), reading.Options.of(file.layout), customs)
    except problems.Refused as refused:
        raise Refused("file_unreadable", {"code": refused.code, **refused.detail}) from None
    except UploadError:
        raise Refused("file_purged") from None


def opener_of(file: ImportFile) -> reading.Opener:
    """Opens the stored bytes anew each time."""
    return lambda: STORE.open_plain(file.account_id, file.stored_name)


class ImportKind(BulkKind):
    """A list that somebody uploaded or pasted."""

    kind = KIND
    object_kind = "contact"
    label = _("Import of a list")

    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        self.check(change_set)
        file = ImportFile.objects.select_related("account").get(change_set=change_set)
        customs = customs_of(change_set.account_id)
        today = now().astimezone(file.account.zone).date()
        judge = ImportJudge(file.account, Choices.of(change_set.parameters), today, str(change_set.uid))
        try:
            rows = _typed(file, customs, today)
            while piece := list(islice(rows, PIECE)):
                yield from judge.judge(piece)
        except problems.Refused as refused:
            raise Refused("file_unreadable", {"code": refused.code, **refused.detail}) from None
        other = other_client(file.account, judge.sample.keys)
        if other is not None and other not in change_set.parameters.get("known_overlaps", ()):
            raise Refused("other_clients_list", {"account": other})

    def check(self, change_set: ChangeSet) -> None:
        groups = check_groups(change_set, change_set.parameters.get("groups", ()))
        waiting = next((group for group in groups.values() if group.remote_id is None), None)
        if waiting is not None:
            raise Refused("group_not_there_yet", {"title": waiting.title})
        actor, relation = change_set.actor, change_set.parameters.get("relation")
        if relation not in Relation.values and (relation or not says_relations(change_set)):
            raise Refused("no_relation")
        if relation == Relation.PURCHASED and not (actor and actor.is_active and actor.is_superuser):
            raise Refused("purchased_list")

    def look(self, change_set: ChangeSet, client: ApiClient) -> None:
        look_at_groups(client, change_set.account_id, change_set.parameters.get("groups", ()))

    def forecast(self, change_set: ChangeSet) -> Values:
        relation = str(change_set.parameters["relation"])
        sent = change_set.rows.filter(verdict__in=PlannedRow.TO_DO).order_by()
        new = sent.filter(verdict=V.CREATE).count()
        groups = _group_names(change_set)
        joins = sent.filter(verdict=V.UPDATE, base__has_any_keys=groups).count() if groups else 0
        months: Counter[str] = Counter()
        relations: Counter[str] = Counter()
        for own, given, number in _consents(sent, by_row=says_relations(change_set)):
            relations[own or relation] += number
            expires = terms.expires_on(own or relation, date.fromisoformat(given)) if given else None
            months[expires.isoformat()[:7] if expires else ""] += number
        return {
            "contacts_before": subscribed(change_set),
            "contacts_change": new,
            "automation_mails": new + joins,
            "relations": sorted(((n, terms.type_of(n), number) for n, number in relations.items()), key=_most_first),
            "expiries": dict(sorted(months.items())),
        }

    def needs_second_person(self, change_set: ChangeSet) -> str:
        planned = {relation for relation, _type, _number in change_set.forecast.get("relations", ())}
        if not {str(change_set.parameters.get("relation", "")), *planned}.isdisjoint(terms.EXPRESS):
            return "express_consent"
        return "many_rows" if to_do(change_set) > settings.BULK_SECOND_PERSON_ABOVE else ""

    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        groups = Group.objects.filter(account=change_set.account_id, pk__in=change_set.parameters.get("groups", ()))
        there = sorted(number for number in groups.values_list("remote_id", flat=True) if number is not None)
        relation = relation_of(change_set.parameters, rows[0].values)
        return AddMembers(members=[_member(row) for row in rows], relation_type=relation, groups=there)

    def together(self, change_set: ChangeSet, rows: Sequence[PlannedRow]) -> list[PlannedRow]:
        """A batch claims one relation for all its people (api/README.md 4.9)."""
        if not says_relations(change_set):
            return list(rows)
        first = relation_of(change_set.parameters, rows[0].values)
        return [row for row in rows if relation_of(change_set.parameters, row.values) == first]

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        settle(change_set, rows)

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        return import_words.facts(change_set)

    def sentence(self, reason: str, detail: Values) -> str:
        return import_words.sentence(reason, detail)

    def preparing(self, change_set: ChangeSet) -> str:
        file = ImportFile.objects.filter(change_set=change_set).exclude(stored_name="").first()
        return reverse("admin:contacts_importfile_change", args=[file.pk]) if file else ""

    def originals(self, change_set: ChangeSet) -> Originals | None:
        file = ImportFile.objects.filter(change_set=change_set).exclude(stored_name="").first()
        if file is None:
            return None
        try:
            source = source_of(file, customs_of(file.account_id))
        except Refused:
            return None
        return Originals(source.header, ((row.number, row.cells) for row in source.rows()))

    def reversal(self, change_set: ChangeSet) -> Values | None:
        return {"can": ["created", "fields", "groups"], "cannot": ["left", "consent", "sent_mail"]}


def _typed(file: ImportFile, customs: Sequence[Custom], today: date) -> Iterator[Any]:
    """The typed rows of the file. Raises Refused when a date could be read in two ways and nobody said which."""
    source = source_of(file, customs)
    mapping = {int(column): target for column, target in file.mapping.items()}
    wrong = check_mapping(mapping, len(source.header), customs)
    if wrong:
        raise Refused("columns_changed", {"problems": [one.as_json() for one in wrong]})
    found = survey.survey(source, mapping, customs)
    if found.must_ask and not file.date_order:
        raise Refused("dates_ambiguous")
    convert = Converter(mapping, customs, found.orders(file.date_order), source.header, today)
    return (convert(row) for row in source.rows())


def _most_first(claimed: tuple[str, str, int]) -> tuple[int, str]:
    relation, _type, number = claimed
    return -number, relation


def says_relations(change_set: ChangeSet) -> bool:
    """Whether a column of the list says the relation of each row."""
    return RELATION in change_set.parameters.get("mapping", {}).values()


def _consents(rows: QuerySet[PlannedRow], *, by_row: bool) -> Iterator[tuple[str | None, str | None, int]]:
    """(relation that the row says itself, day of consent, rows) by ranges of rows.

    To group a million at once, a database would sort them all in memory.
    """
    names = (f"values__{RELATION}", f"values__{CONSENT_ON}") if by_row else (f"values__{CONSENT_ON}",)
    last = rows.aggregate(last=Max("number"))["last"] or 0
    for start in range(0, last + 1, _RANGE):
        part = rows.filter(number__gte=start, number__lt=start + _RANGE)
        for *said, given, number in part.values_list(*names).annotate(Count("pk")):
            yield (said[0] if said else None), given, number


def _group_names(change_set: ChangeSet) -> list[str]:
    return [f"{GROUP}{pk}" for pk in change_set.parameters.get("groups", ())]


def _member(row: PlannedRow) -> BatchMember:
    """A row of the batch: what is wanted, and the date and proof of its consent. Raises KeyError without a date."""
    arguments: dict[str, Any] = {"email": row.label, "consent_date": date.fromisoformat(row.values[CONSENT_ON])}
    custom: dict[int, Any] = {}
    for name, value in row.values.items():
        if name.startswith("custom:"):
            custom[int(name.removeprefix("custom:"))] = value
        elif name == "birth_date":
            arguments[name] = date.fromisoformat(value) if value else None
        elif name == CONSENT_PROOF:
            arguments[name] = value
        elif name not in ("email", CONSENT_ON, RELATION) and not name.startswith(GROUP):
            arguments[name] = value
    if custom:
        arguments["custom_values"] = custom
    return BatchMember(**arguments)
