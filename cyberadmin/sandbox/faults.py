"""Fault rules: which request gets which trouble. The actions themselves are in fault_actions.py and its neighbours."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberadmin.sandbox.routes import TEMPLATES
from cyberadmin.sandbox.wire import Json

SELECTORS = ("method", "path", "account", "nth", "every", "times", "action")


@dataclass(slots=True)
class Rule:
    """``method``: one, or several with commas between; ``nth``: only that matching request; ``every``: each k-th;
    ``times``: at most so often (0 = for ever)."""

    id: int
    action: str
    method: str | None = None
    path: str | None = None
    account: str | int | None = None
    nth: int = 0
    every: int = 1
    times: int = 0
    args: Json = field(default_factory=dict)
    seen: int = 0
    fired: int = 0
    #: How many requests wait in its hands at this moment.
    holding: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def matches(self, method: str, template: str, path: str, account: tuple[str | int, ...]) -> bool:
        if self.method is not None and method not in self.method.upper().split(","):
            return False
        if self.account is not None and self.account not in account:
            return False
        if self.path is None:
            return True
        return self.path == template if self.path in TEMPLATES else re.fullmatch(self.path, path) is not None

    def due(self) -> bool:
        """Is it this matching request's turn?"""
        self.seen += 1
        if (self.times and self.fired >= self.times) or (self.nth and self.seen != self.nth) or self.seen % self.every:
            return False
        self.fired += 1
        return True

    def text(self, name: str, default: str) -> str:
        value = self.args.get(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: float) -> float:
        value = self.args.get(name, default)
        return value if isinstance(value, (int, float)) else default

    def wait(self, seconds: float) -> bool:
        """Wait until the rule is released or cleared; False when the time ran out.

        Counted from here, not from the rule's first step: what a test sees "held" after applying has been applied.
        """
        with self.counted():
            return self.released.wait(seconds)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one more request in its hands, so that a test can wait for it."""
        with self.changed:
            self.holding += 1
            self.changed.notify_all()
        try:
            yield
        finally:
            with self.changed:
                self.holding -= 1
                self.changed.notify_all()

    def shown(self) -> Json:
        names = ("id", "action", "method", "path", "account", "nth", "every", "times", "args", "seen", "fired")
        return {**{name: getattr(self, name) for name in names}, "holding": self.holding}


class FaultRules:
    """All rules in force; the first that matches and is due fires."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._count = 0

    def add(self, action: str, spec: Json) -> Rule:
        """A new rule: selectors by name, everything else are arguments of the action. Raises ValueError."""
        path = spec.get("path")
        if isinstance(path, str) and path not in TEMPLATES:
            try:
                re.compile(path)
            except re.error as error:
                raise ValueError(f"path: {error}") from None
        numbers = {name: spec.get(name, default) for name, default in (("nth", 0), ("every", 1), ("times", 0))}
        if not all(isinstance(one, int) and one >= 0 for one in numbers.values()) or numbers["every"] == 0:
            raise ValueError("nth, every and times are whole numbers")
        account = spec.get("account")
        with self._lock:
            self._count += 1
            rule = Rule(
                id=self._count,
                action=action,
                method=str(spec["method"]) if spec.get("method") else None,
                path=path if isinstance(path, str) else None,
                account=account if isinstance(account, (str, int)) else None,
                nth=int(str(numbers["nth"])),
                every=int(str(numbers["every"])),
                times=int(str(numbers["times"])),
                args={name: value for name, value in spec.items() if name not in SELECTORS},
            )
            self._rules.append(rule)
        return rule

    def take(self, method: str, template: str, path: str, account: tuple[str | int, ...]) -> Rule | None:
        """The rule that fires for this request."""
        with self._lock:
            for rule in self._rules:
                if rule.matches(method, template, path, account) and rule.due():
                    return rule
        return None

    def wait_held(self, rule_id: int, count: int, seconds: float) -> bool:
        """Wait until a rule holds at least ``count`` requests."""
        rule = self.get(rule_id)
        if rule is None:
            return False
        with rule.changed:
            return rule.changed.wait_for(lambda: rule.holding >= count, seconds)

    def get(self, rule_id: int) -> Rule | None:
        with self._lock:
            return next((rule for rule in self._rules if rule.id == rule_id), None)

    def all(self) -> list[Rule]:
        with self._lock:
            return list(self._rules)

    def remove(self, rule_id: int | None = None) -> int:
        """Remove one rule or all, letting go of the requests they hold. How many?"""
        with self._lock:
            gone = [rule for rule in self._rules if rule_id in (None, rule.id)]
            self._rules = [rule for rule in self._rules if rule not in gone]
        for rule in gone:
            rule.released.set()
        return len(gone)
