"""The staff of tests of bulk changes: plans made and applied now, step by step, and what must hold in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cyberadmin.sync import clock
from cyberadmin.sync.bulk import applying, planning, services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Batch, ChangeSet, PlannedRow
from tests.sync.bulk import kind as _registers_the_kind  # noqa: F401
from tests.world import World, from_sweep

People = Iterable[tuple[str, str]]


@dataclass
class BulkDesk:
    """Makes, applies and follows sets of changes of one world."""

    world: World

    def start(self, verb: str, people: People, **parameters: Any) -> ChangeSet:
        """A set whose plan nobody has made yet."""
        parameters = {"verb": verb, "people": [list(one) for one in people], **parameters}
        return services.start(self.world.editor, self.world.account, "sheet", parameters, "Asked by the client")

    def plan(self, verb: str, people: People, **parameters: Any) -> ChangeSet:
        """A finished plan."""
        made = planning.plan(self.start(verb, people, **parameters).pk)
        assert made is not None
        return made

    def approve(self, change_set: ChangeSet) -> ChangeSet:
        """Approved and applied as it is; nothing was sent yet."""
        services.approve(self.world.editor, change_set, change_set.fingerprint)
        return services.apply(self.world.editor, change_set)

    def apply(self, verb: str, people: People, **parameters: Any) -> ChangeSet:
        """Planned, approved, applied and followed to its end."""
        return self.follow(self.approve(self.plan(verb, people, **parameters)))

    def step(self) -> float | None:
        """One step of a worker; the seconds until the next."""
        return applying.work(self.world.account.pk, budget=0)

    def follow(self, change_set: ChangeSet, steps: int = 600, nap: float = 0) -> ChangeSet:
        """Work and let time pass here and at the vendor until the set has ended or waits for a person; between two steps at
        least `nap` seconds.
        """
        for _ in range(steps):
            change_set.refresh_from_db()
            stopped = change_set.state == ChangeSet.State.PAUSED and not self.open_batches()
            if change_set.finished_at is not None or stopped:
                return change_set
            wait = self.step()
            from_sweep(self.world.account.pk)
            self.pass_time(max(self.due_in(change_set) if wait is None else wait, nap))
        raise AssertionError(f"still {change_set.state} ({change_set.reason}): {self.results(change_set)}")

    def due_in(self, change_set: ChangeSet) -> float:
        """Seconds until a set may be taken again."""
        change_set.refresh_from_db()
        moments = [one for one in (change_set.not_before, change_set.lease_until) if one is not None]
        return max([(one - clock.now()).total_seconds() + 0.01 for one in moments] + [1.0])

    def pass_time(self, seconds: float) -> None:
        """Let time pass here and at the vendor."""
        if seconds > 0:
            clock.advance(seconds)
            self.world.sandbox.advance(seconds)

    def open_batches(self) -> list[Batch]:
        """Batches of this account that are not settled."""
        return list(Batch.objects.filter(account=self.world.account, state__in=Batch.UNSETTLED))

    def results(self, change_set: ChangeSet) -> dict[str, tuple[str, str]]:
        """{address: (state, result)} of the rows that were to be sent."""
        rows = PlannedRow.objects.filter(change_set=change_set, verdict__in=PlannedRow.TO_DO).order_by("number")
        return {row.label: (row.state, row.result) for row in rows}

    def check(self, change_set: ChangeSet) -> None:
        """Totals add up, every row has its word, nobody came back, and promise P12 holds."""
        change_set.refresh_from_db()
        counts = dict(change_set.counts)
        rows = counts.pop("rows")
        assert rows == sum(counts.values()) == change_set.rows.count()
        found = services.results(change_set)
        assert sum(found.values()) == services.to_do(change_set.counts)
        if change_set.finished_at is not None:
            assert set(found) <= {"done", "failed", "cancelled"}, found
            assert not change_set.rows.filter(state__in=("failed", "cancelled"), result="").exists()
        assert came_back(self.world) == []
        assert differences(self.world.account.pk) == []

    def held(self) -> dict[str, str]:
        """{address: first name} of whom the vendor has."""
        return {one["email"]: one["firstname"] for one in self.world.held()["members"]}


def came_back(world: World) -> list[str]:
    """Who was made a subscriber again by what we sent, by the vendor's journal."""
    return _moved(world, ("unsubscribed", "bounced"), "subscribed")


def lost_their_no(world: World) -> list[str]:
    """Who had unsubscribed and was deleted by what we sent, by the vendor's journal."""
    return _moved(world, ("unsubscribed",), "absent")


def _moved(world: World, before: tuple[str, ...], after: str) -> list[str]:
    journal = world.sandbox.journal(account=world.remote)
    return [
        str(one["email"])
        for one in journal
        if one["source"] in ("api", "batch") and one["before"] in before and one["after"] == after
    ]


def people(count: int, prefix: str = "person") -> list[tuple[str, str]]:
    """So many new people."""
    return [(f"{prefix}{number}@example.com", f"{prefix.title()} {number}") for number in range(count)]
