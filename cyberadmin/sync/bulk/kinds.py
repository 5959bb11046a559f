"""What an app teaches the engine about one kind of bulk change, as `Resource` does about one kind of object."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from django.contrib.auth.models import User
from django.utils.functional import Promise

from cyberadmin.accounts.policy import Right
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import BatchWrite
from cyberadmin.sync import registry
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from cyberadmin.sync.upsert import listed


@dataclass(frozen=True)
class Judged:
    """The verdict on one row, before it is stored. `number` = line in the file, or position in the selection."""

    number: int
    label: str
    verdict: str
    verb: str = ""
    reason: str = ""
    detail: Values = field(default_factory=dict)
    object_id: int | None = None
    values: Values = field(default_factory=dict)
    base: Values = field(default_factory=dict)
    base_version: int | None = None


@dataclass(frozen=True)
class Originals:
    """The file behind a set: the names of its columns, and (line, cells) of each row in the order of the plan."""

    header: Sequence[str]
    rows: Iterator[tuple[int, Sequence[str]]]


class Refused(Exception):
    """The whole plan cannot be made or applied; `reason` is a code of `bulk/reasons.py`."""

    def __init__(self, reason: str, detail: Values | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or {}


class NotReadYet(Exception):
    """The plan cannot be made before a pull that is under way has ended; it is made then."""


class BulkKind(ABC):
    """One kind of bulk change. Registered in `AppConfig.ready()` by `register`."""

    kind: ClassVar[str]
    object_kind: ClassVar[str] = "contact"
    label: ClassVar[str | Promise]

    @abstractmethod
    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        """A verdict for every row, in order, streamed; no row is written, nothing is sent. Raises Refused.

        Called anew from the start when a worker died while planning, or once a pull has ended that it asked for by raising
        NotReadYet before the first row.
        """

    def total(self, change_set: ChangeSet) -> int:
        """How many rows there will be, as far as known (0 = unknown), for the progress."""
        return 0

    def forecast(self, change_set: ChangeSet) -> Values:
        """What the finished plan foresees beside its rows (contacts gained, mails triggered, consents, overlap)."""
        return {}

    @abstractmethod
    def needs_second_person(self, change_set: ChangeSet) -> str:
        """Why a second person must approve (a code of `bulk/reasons.py`), or ""."""

    def right(self, change_set: ChangeSet) -> Right:
        """The right that planning, approving and applying take, asked again for every batch."""
        return "edit"

    def check(self, change_set: ChangeSet) -> None:
        """Whether the plan still stands right before it is applied (groups still there, list not overlapping). Raises Refused."""

    def look(self, change_set: ChangeSet, client: ApiClient) -> None:
        """Ask the vendor, right before the first request, what the mirror may not know yet. Raises Refused, ApiError."""

    def stale(self, change_set: ChangeSet, rows: Sequence[PlannedRow]) -> dict[int, str]:
        """Rows whose verdict would be another one now: {primary key of the row: reason}. Nothing is sent for them.

        A mirrored object must be as it was planned, to the version; a new one must still be nobody's here.
        """
        return moved(self.object_kind, rows)

    # --- rows that travel in the vendor's batches: add, unsubscribe, delete ---
    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        """The vendor's batch for these rows, the same bytes each time it is asked."""
        raise NotImplementedError(f"{self.kind} sends nothing in batches")

    def together(self, change_set: ChangeSet, rows: Sequence[PlannedRow]) -> list[PlannedRow]:
        """Those of these next rows that one batch can hold, the first of them in any case; the others wait for a later one."""
        return list(rows)

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        """Write down what the vendor confirmed for these rows (mirror rows, consent ledger), inside the settling transaction."""

    # --- rows that travel as ordinary changes ---
    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        """Record the row's change through the app's own service, at bulk priority; None = nothing was left to do.

        Raises ValidationError when a rule forbids it now: the row ends as refused with that sentence.
        """
        raise NotImplementedError(f"{self.kind} records no changes")

    def record_first(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        """Of a row that takes two changes, record the one that goes out before that of `record`. Raises as `record` does."""
        return None

    # --- what the pages show ---
    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        """What was chosen, in words: names and values for the top of the plan."""
        return []

    def sentence(self, reason: str, detail: Values) -> str:
        """A reason of this kind's own in words; "" for one of the engine's (`bulk/reasons.py`)."""
        return ""

    def preparing(self, change_set: ChangeSet) -> str:
        """Address of the page where what was chosen can still be changed; "" = there is none."""
        return ""

    def originals(self, change_set: ChangeSet) -> Originals | None:
        """The file behind the set, so that refused rows can be corrected and imported again; None = no file, or purged."""
        return None

    def next_steps(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        """What a person may want to do once it is done: (label, address)."""
        return []

    # --- taking back ---
    def reversal(self, change_set: ChangeSet) -> Values | None:
        """What can be taken back, for the page: {"can": [...codes], "cannot": [...codes]}; None = nothing ever."""
        return None


def moved(object_kind: str, rows: Sequence[PlannedRow]) -> dict[int, str]:
    """Rows whose object is not as it was when they were planned: {primary key of the row: "changed_since_plan"}."""
    if not rows:
        return {}
    resource = registry.get(object_kind)
    ids = [row.object_id for row in rows if row.object_id is not None]
    living = resource.model.objects.filter(
        pk__in=listed(ids), account_id=rows[0].account_id, gone_at=None, deleted_at=None
    )
    versions = dict(living.values_list("pk", "edit_version")) if ids else {}
    new = [row.label for row in rows if row.object_id is None]
    here = resource.present(rows[0].account_id, new) if new else {}
    return {
        row.pk: "changed_since_plan"
        for row in rows
        if (row.label in here if row.object_id is None else versions.get(row.object_id) != row.base_version)
    }


_kinds: dict[str, BulkKind] = {}


def register(kind: BulkKind) -> None:
    """Make a kind of bulk change known to the engine and its pages."""
    _kinds[kind.kind] = kind


def get(kind: str) -> BulkKind:
    """The kind of that name. Raises KeyError for one that this version does not know."""
    return _kinds[kind]


def known(kind: str) -> bool:
    """Whether a kind is registered; sets of a newer version's kind are left alone."""
    return kind in _kinds
