"""The kinds of bulk changes that contacts have; `register_all` makes them known to the engine and the pages."""

from contacts.imports.planning import ImportKind
from cyberadmin.sync.bulk.kinds import BulkKind, register

from .consents import ConsentKind
from .fields import SetFieldKind
from .groups import JoinKind, LeaveKind, MoveKind
from .leaving import DeleteKind, UnsubscribeKind
from .optin import OptinKind
from .take_back import TakeBackKind

KINDS: tuple[type[BulkKind], ...] = (
    ImportKind,
    JoinKind,
    LeaveKind,
    MoveKind,
    SetFieldKind,
    UnsubscribeKind,
    DeleteKind,
    ConsentKind,
    OptinKind,
    TakeBackKind,
)


def register_all() -> None:
    """Register one of each."""
    for kind in KINDS:
        register(kind())
