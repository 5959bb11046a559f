"""A small world for tests: a vendor account in the sandbox, its mirror here, and the staff who work on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from contacts.models import Contact
from cyberadmin.accounts.models import Account, AccountAccess, Credential
from cyberadmin.accounts.secrets import fingerprints
from cyberadmin.sync import claim, clock, connection, merge, pull, push, registry
from cyberadmin.sync.health import differences
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, PullRun
from groups.models import Group
from templates.models import EmailTemplate
from tests.sandbox_server import SandboxServer

_numbers = itertools.count(1)


def make_user(name: str = "", *, superuser: bool = False) -> User:
    """A member of staff with no access to anything yet (an administrator when `superuser`)."""
    return User.objects.create_user(
        name or f"staff{next(_numbers)}", password="a long enough password", is_staff=True, is_superuser=superuser
    )


def give(user: User, account: Account, role: str) -> User:
    """Give a user a role on an account."""
    AccountAccess.objects.update_or_create(user=user, account=account, defaults={"role": role})
    return user


def make_account(name: str = "", **fields: Any) -> Account:
    """A connected account without credential: for tests that never speak to the vendor."""
    number = next(_numbers)
    values = {
        "name": name or f"Client {number}",
        "slug": f"client-{number}",
        "language": "fr",
        "time_zone": "America/Toronto",
        "host": "sandbox",
        "state": Account.State.CONNECTED,
        "connected_at": timezone.now(),
    }
    return Account.objects.create(**(values | fields))


def give_token(account: Account, token: str, state: str = Credential.State.ACTIVE) -> Credential:
    """Store a token as the one in use."""
    credential = Credential(
        account=account, last_four=token[-4:], fingerprint=fingerprints(token)[0], state=state, proved_at=timezone.now()
    )
    credential.save()
    credential.seal(token)
    credential.save()
    return credential


@dataclass
class World:
    """One client: `remote` is the vendor's side, `account` ours, `editor` works on it."""

    sandbox: SandboxServer
    remote: str
    token: str
    account: Account
    editor: User

    @classmethod
    def build(cls, sandbox: SandboxServer, name: str = "") -> World:
        """A fresh vendor account and its connected, still empty mirror."""
        name = name or f"Vendor {next(_numbers)}"
        made = sandbox.new_account(name)
        account = make_account(vendor_name=name)
        give_token(account, made["token"])
        return cls(sandbox, name, made["token"], account, give(make_user(), account, "manage"))

    # --- the vendor's side ---
    def remote_member(self, email: str, **fields: Any) -> dict[str, Any]:
        """Add a member in the vendor's application."""
        made: dict[str, Any] = self.sandbox.control("POST", "members", account=self.remote, email=email, **fields)
        return made

    def remote_edit(self, email: str, **fields: Any) -> None:
        """Edit a member in the vendor's application."""
        self.sandbox.control("PATCH", "members", account=self.remote, email=email, set=fields)

    def remote_group(self, title: str, members: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
        """Make a group in the vendor's application, with members."""
        made: dict[str, Any] = self.sandbox.control("POST", "groups", account=self.remote, title=title, **fields)
        if emails := list(members):
            self.sandbox.control("POST", "groups/members", account=self.remote, id=made["id"], add=emails)
        return made

    def held(self) -> dict[str, Any]:
        """Everything the vendor holds for this account."""
        return self.sandbox.state(self.remote)

    def held_member(self, email: str) -> dict[str, Any]:
        """The vendor's subscribed member of that address. Raises StopIteration."""
        found: dict[str, Any] = next(one for one in self.held()["members"] if one["email"].lower() == email.lower())
        return found

    def effects(self) -> list[dict[str, Any]]:
        """What was applied at the vendor by API calls on this account, oldest first."""
        return [entry for entry in self.sandbox.journal(account=self.remote) if entry["source"] == "api"]

    # --- our side ---
    def pull(self, scope: str = PullRun.Scope.FULL) -> PullRun:
        """Pull now and return the finished run."""
        run = pull.request(self.account, scope)
        pull.run_due(self.account.pk)
        run.refresh_from_db()
        return run

    def push(self) -> None:
        """Send what waits now."""
        push.pump(self.account.pk)

    def settle(self, rounds: int = 30) -> None:
        """Let time pass and work until nothing moves any more; afterwards promise P12 holds."""
        for _ in range(rounds):
            moving = Change.objects.filter(account=self.account, state__in=("queued", "sending", "unknown"))
            if not moving.exists():
                break
            clock.advance(1_000)
            from_sweep(self.account.pk)
        assert differences(self.account.pk) == []

    def mirrored(self, email: str, **fields: Any) -> Contact:
        """A contact that the vendor and the mirror both have, equal."""
        made = self.remote_member(email, **fields)
        return self._mirror(
            "contact", Contact(account=self.account, remote_id=made["id"], email=email, email_key=email)
        )

    def mirrored_group(self, title: str, **fields: Any) -> Group:
        """An empty group that the vendor and the mirror both have, equal."""
        made = self.remote_group(title, **fields)
        return self._mirror("group", Group(account=self.account, remote_id=made["id"], title=title))

    def mirrored_template(self, title: str, html: str = "", text: str = "") -> EmailTemplate:
        """A template that the vendor and the mirror both have, equal."""
        body = {"title": title, "bodyHtml": html or f"<p>{title}</p>", "bodyText": text or title}
        made = self.sandbox.control("POST", "templates", account=self.remote, **body)
        return self._mirror("template", EmailTemplate(account=self.account, remote_id=made["id"], title=title))

    def _mirror(self, kind: str, obj: Any) -> Any:
        resource = registry.get(kind)
        with connection.client_for(self.account, connection.CallLog(self.account.pk)) as client:
            seen = resource.read(client, obj)
        merge.merge(resource, obj, seen, set())
        with writing():
            obj.save()
        return obj

    def contact(self, email: str) -> Contact:
        """The mirrored contact, alive."""
        return Contact.objects.get(account=self.account, email_key=email.lower(), gone_at=None)

    def group(self, title: str) -> Group:
        """The mirrored group, alive."""
        return Group.objects.get(account=self.account, title=title, gone_at=None)

    def changes(self, **filters: Any) -> list[Change]:
        """This account's changes, oldest first."""
        return list(Change.objects.filter(account=self.account, **filters).order_by("id"))


def from_sweep(account_id: int) -> None:
    """What the beat's sweep does for one account."""
    claim.reap()
    push.pump(account_id)
