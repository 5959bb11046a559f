"""Seeded trouble on the way to the vendor: lost requests, lost answers, and workers killed at the points of docs/engine.md.

A worker's turn begins as a real one does: with the bells that the broker holds, or, when none rang, with the sweep. Bells
are taken before the work, so those of a killed worker are lost with it.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field

from django.db import connections

from cyberadmin.sync import claim, clock, push
from cyberadmin.sync.models import Change
from tests.bells import rung
from tests.world import World

POINTS = ("C3", "C4", "C5", "C7", "C8")
#: Longer than the second look waits, so that each turn finds something due.
TURN_SECONDS = 130
#: Turns after which one piece of work must have come to rest.
MOST_TURNS = 40


@dataclass
class Trouble:
    """Five of a hundred requests lost, five answers lost, five workers killed; the same again for the same seed."""

    world: World
    seed: int
    share: float = 0.05
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def turn(self) -> None:
        """One turn of a worker, with whatever the dice have for it."""
        self.counts["rung" if rung() else "swept"] += 1
        throw = self.dice.random()
        if throw < self.share:
            self._strike("drop_before")
        elif throw < 2 * self.share:
            self._strike("drop_after")
        elif throw < 3 * self.share:
            self._killed(self.dice.choice(POINTS))
        else:
            push.pump(self.world.account.pk)

    def rest(self) -> None:
        """Turn after turn until nothing moves any more."""
        for _turn in range(MOST_TURNS):
            if not self.moving():
                return
            clock.advance(TURN_SECONDS)
            claim.reap()
            self.turn()
        raise AssertionError(f"still moving: {[(str(change), change.reason) for change in self.moving()]}")

    def moving(self) -> list[Change]:
        """Changes that go on by themselves; one that waits for a stopped one does not."""
        stopped = Change.objects.filter(account=self.world.account, state__in=("failed", "parked", "conflict"))
        held = set(stopped.values_list("object_id", flat=True))
        found = Change.objects.filter(account=self.world.account, state__in=("queued", "sending", "unknown"))
        waiting = [one for one in found if one.object_id not in held]
        return [one for one in waiting if not one.waits_for.filter(pk__in=stopped).exists()]

    def _strike(self, action: str) -> None:
        rule = {"action": action, "method": "POST,DELETE", "path": "/mailings(/[0-9]+)?", "times": 1}
        self.world.sandbox.faults(rule)
        push.pump(self.world.account.pk)
        (rule,) = self.world.sandbox.control("GET", "faults")["faults"]
        self.counts[action] += rule["fired"]
        self.world.sandbox.clear_faults()

    def _killed(self, point: str) -> None:
        """The same turn in a process of its own that is killed at a point, if it gets there."""
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            os.environ["CYBERADMIN_CRASH_AT"] = point
            try:
                push.pump(self.world.account.pk)
            finally:
                os._exit(0)
        _pid, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.counts[f"killed at {point}"] += 1
