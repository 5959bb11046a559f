"""What an app teaches the engine about one kind of object.

A Resource gets a client and returns values; it never writes changes, never retries and never reads a token. Values are
JSON (strings, numbers, booleans, None), keyed by our field names; the vendor's words stop in the app's `resource.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from cyberadmin.accounts.policy import Right
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import BatchWrite

from .departures import Departures
from .mirror import MirrorModel

if TYPE_CHECKING:
    from .health import Difference
    from .models import Change
    from .pull import PullContext

Values = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What the vendor was just seen to hold for one object.

    `values`: the fields that staff can edit (and the state), compared three-way. `extra`: columns only the vendor
    writes (counters, dates), simply taken over.
    """

    values: Values
    remote_id: int | None
    extra: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """What a push achieved: the object as the answer shows it (None = the answer shows nothing, or it is gone)."""

    seen: Seen | None = None
    gone: bool = False


class GoneThere(Exception):
    """The vendor has no such object any more."""


class ProtectedThere(Exception):
    """The vendor says that the person unsubscribed or bounced (`state`): no write may go on (promise P6)."""

    def __init__(self, seen: Seen, state: str) -> None:
        super().__init__("protected")
        self.seen = seen
        self.state = state


class AlreadyThere(Exception):
    """Before a create, the vendor was found to hold an object with the same natural mark."""

    def __init__(self, candidates: list[Seen]) -> None:
        super().__init__("already there")
        self.candidates = candidates


class Stopped(Exception):
    """A rule of the resource stops a change instead of its request; nothing was sent by it now, and a person decides.

    `reason` is a code of `reasons.py`. `final`: trying the same again is pointless (failed), else it is parked;
    `again_after`: it is too early to ask a person, so it is asked again after so many seconds.
    """

    def __init__(
        self, reason: str, detail: Values | None = None, *, final: bool = False, again_after: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or {}
        self.final = final
        self.again_after = again_after


class Overtaken(Exception):
    """The vendor moved on before the request, so it is pointless now and there is nothing to decide.

    The change ends with `reason` (a code of `reasons.py`), and the row shows what was just `seen`.
    """

    def __init__(self, reason: str, seen: Seen, detail: Values | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seen = seen
        self.detail = detail or {}


class Resource(ABC):
    """One mirrored model bound to one endpoint family."""

    kind: ClassVar[str]
    model: ClassVar[type[MirrorModel]]
    #: Kinds to pull before this one.
    depends_on: ClassVar[tuple[str, ...]] = ()
    #: Values that staff change by actions only, never by an edit or at creation.
    by_action: ClassVar[frozenset[str]] = frozenset()
    #: Verbs whose POST carries no key by which the vendor would recognise a second one (docs/engine.md 2.7).
    keyless: ClassVar[frozenset[str]] = frozenset()

    # --- local side ---
    @abstractmethod
    def values(self, obj: Any) -> Values:
        """The effective values of a mirror row."""

    @abstractmethod
    def assign(self, obj: Any, values: Values) -> None:
        """Put values into the row's columns (not saved)."""

    def clean(self, obj: Any, values: Values) -> Values:
        """Values as a person typed them, checked and turned into JSON. Raises ValidationError by field."""
        return values

    @abstractmethod
    def label(self, obj: Any) -> str:
        """What staff call this object."""

    def absorb(self, obj: Any, seen: Seen) -> None:
        """Take over what only the vendor writes (not saved)."""
        obj.remote_id = seen.remote_id
        for name, value in seen.extra.items():
            setattr(obj, name, value)

    def right(self, change: "Change", obj: Any) -> Right:
        """The right that who made the change must still hold when it is sent."""
        return "edit"

    # --- pushing ---
    @abstractmethod
    def read(self, client: ApiClient, obj: Any) -> Seen:
        """Fetch the object now. Raises GoneThere or ProtectedThere."""

    @abstractmethod
    def send(self, client: ApiClient, change: "Change", obj: Any, wanted: Values) -> Sent:
        """Make the request(s) of a change; `wanted` holds the values still to reach. Raises ApiError and the above."""

    def missing(self, client: ApiClient, obj: Any) -> None:
        """A write found nothing to write to. Raises GoneThere or ProtectedThere when the object itself is the cause."""
        self.read(client, obj)

    def before_create(self, client: ApiClient, change: "Change", obj: Any) -> Seen | None:
        """Look for an existing object before a create that the vendor would refuse or double. None = go on."""
        return None

    def fence(self, client: ApiClient, change: "Change", obj: Any) -> Values:
        """What is there just before a keyless create. Raises AlreadyThere or Stopped when a person must decide first."""
        raise NotImplementedError(f"{self.kind} has no keyless create")

    def look(self, client: ApiClient, change: "Change", obj: Any) -> list[Seen] | None:
        """Candidates that a doubted keyless create may have made; None = cannot be looked for, a person decides."""
        return None

    def is_ours(self, change: "Change", obj: Any, candidate: Seen) -> bool:
        """Whether a candidate is what this change was about to make, in all that can be compared."""
        return all(candidate.values.get(name) == value["want"] for name, value in change.fields.items())

    def settled(self, change: "Change", obj: Any, sent: Sent) -> None:
        """Update rows beside the object itself (memberships), inside the settling transaction."""

    def protected(self, account_id: int, labels: Iterable[str]) -> dict[str, str]:
        """Who among these must never be written to (never-back guard): {label as given: reason code}, others absent."""
        return {}

    def present(self, account_id: int, labels: Iterable[str]) -> dict[str, int]:
        """Living mirror rows under these labels: {label as given: primary key}, others absent."""
        return {}

    def key(self, label: str) -> str:
        """How labels are compared."""
        return label

    # --- batches of the vendor (docs/engine.md, Many at once) ---
    def departures(self, client: ApiClient, since: date | None) -> Departures:
        """Who left since that Eastern day (None = ever), and how many ever did, by the vendor's lists right now."""
        return Departures()

    def lately(self, client: ApiClient, size: int) -> dict[str, str]:
        """{number: key} of the objects that changed last at the vendor, `size` at most; {} where it has no such list."""
        return {}

    def arrived(self, client: ApiClient, write: BatchWrite, label: str) -> bool:
        """Whether the vendor holds what a batch of this one row asks for.

        Raises ProtectedThere when the person left, unless that is what was asked.
        """
        raise NotImplementedError(f"{self.kind} does not travel in batches")

    def let_go(self, client: ApiClient, label: str) -> None:
        """Unsubscribe at once somebody whom the vendor brought back by itself. Raises ApiError."""
        raise NotImplementedError(f"{self.kind} does not travel in batches")

    def stopped(self, change: "Change", stop: Stopped) -> None:
        """Write down beside the object that a change of it was stopped, inside the settling transaction."""

    def departed(self, obj: Any) -> None:
        """Forget what only a subscribed person has, inside the transaction that learns of their leaving."""

    def withdrawn(self, change: "Change", obj: Any) -> None:
        """Undo what `record` did beside the object, when a change is discarded or cancelled."""

    def overtaken(self, change: "Change", obj: Any) -> None:
        """Undo what was planned on top of a change that ended as `Overtaken`."""

    def read_details(self, client: ApiClient, obj: Any) -> Seen:
        """Like `read`, with what the lists leave out."""
        return self.read(client, obj)

    def differences(self, account_id: int | None) -> list["Difference"]:
        """Rows beside the object (memberships) that differ from the vendor without an open change."""
        return []

    # --- pulling ---
    @abstractmethod
    def pull(self, context: "PullContext") -> Iterator[None]:
        """Read what the vendor holds and merge it page by page; yields after each page, in its own transaction."""

    @abstractmethod
    def confirm_gone(self, client: ApiClient, obj: Any) -> bool:
        """Whether the vendor answers 404 for this very object (docs/engine.md 2.10-6)."""
