"""The rows of the engine: changes, sets of changes, calls, pulls, each account's pace (docs/engine.md explains the states)."""

from .changes import Change, Edit, Submission
from .changesets import Batch, ChangeSet, PlannedRow
from .installation import Installation
from .pulls import HeldSweep, PullPage, PullRun
from .traffic import ApiCall, Heartbeat, KeptExchange, Pace

__all__ = [
    "ApiCall",
    "Batch",
    "Change",
    "ChangeSet",
    "Edit",
    "Heartbeat",
    "HeldSweep",
    "Installation",
    "KeptExchange",
    "Pace",
    "PlannedRow",
    "PullPage",
    "PullRun",
    "Submission",
]
