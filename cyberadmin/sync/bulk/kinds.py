"""What an app teaches the engine about one kind of bulk change, as `Resource` does about one kind of object."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from django.contrib.auth.models import User
from django.utils.functional import Promise

from cyberadmin.accounts.policy import Right
from cyberadmin.api.types import BatchWrite
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values


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


class Refused(Exception):
    """The whole plan cannot be made or applied; `reason` is a code of `bulk/reasons.py`."""

    def __init__(self, reason: str, detail: Values | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or {}


class BulkKind(ABC):
    """One kind of bulk change. Registered in `AppConfig.ready()` by `register`."""

    kind: ClassVar[str]
    object_kind: ClassVar[str] = "contact"
    label: ClassVar[str | Promise]

    @abstractmethod
    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        """A verdict for every row, in order, streamed; nothing is written or sent. Raises Refused.

        Called anew from the start when a worker died while planning.
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

    # --- rows that travel in the vendor's batches: add, unsubscribe, delete ---
    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        """The vendor's batch for these rows, the same bytes each time it is asked."""
        raise NotImplementedError(f"{self.kind} sends nothing in batches")

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        """Write down what the vendor confirmed for these rows (mirror rows, consent ledger), inside the settling transaction."""

    # --- rows that travel as ordinary changes ---
    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        """Record the row's change through the app's own service, at bulk priority; None = nothing was left to do.

        Raises ValidationError when a rule forbids it now: the row ends as refused with that sentence.
        """
        raise NotImplementedError(f"{self.kind} records no changes")

    # --- taking back ---
    def reversal(self, change_set: ChangeSet) -> Values | None:
        """What can be taken back, for the page: {"can": [...codes], "cannot": [...codes]}; None = nothing ever."""
        return None


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
