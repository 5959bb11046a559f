"""Copying a template to other clients: a plan with one verdict for each, then exactly that plan (product.md W16, N1).

Only clients that the person may see are ever named. The plan is worked out again when it is carried out; a client where
something moved meanwhile is left alone and said so.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record

from . import services
from .models import EmailTemplate, mark


class Verdict(TextChoices):
    """What copying does in one client."""

    NEW = "new", gettext_lazy("new")
    SAME = "same", gettext_lazy("the same is there")
    REPLACE = "replace", gettext_lazy("replaces")
    TAKEN = "taken", gettext_lazy("title taken")
    NO_RIGHT = "no_right", gettext_lazy("no right")


#: Verdicts that lead to a change.
WRITES = (Verdict.NEW, Verdict.REPLACE)


@dataclass(frozen=True)
class Line:
    """One client of a plan. `there`: the template of that title that it has, for verdicts that speak of one."""

    account: Account
    verdict: Verdict
    there: EmailTemplate | None = None

    @property
    def key(self) -> list[Any]:
        """What must still be true when the plan is carried out."""
        return [self.account.pk, self.verdict.value, *([self.there.pk, self.there.edit_version] if self.there else [])]

    @property
    def sentence(self) -> str:
        """The verdict, explained."""
        return {
            Verdict.NEW: _("The template is created there."),
            Verdict.SAME: _("A template with this title and this content is there already; nothing is sent."),
            Verdict.REPLACE: _("A template with this title but other content is there. It is replaced if you tick it."),
            Verdict.TAKEN: _(
                "The title is taken there by several templates, or by one that is being deleted. Nothing is sent."
            ),
            Verdict.NO_RIGHT: _("You may see this client but not edit it. Nothing is sent."),
        }[self.verdict]


@dataclass(frozen=True)
class Outcome:
    """What became of one client of a plan."""

    line: Line
    template: EmailTemplate | None = None
    said: str = ""


def choices(actor: User, template: EmailTemplate) -> list[Account]:
    """The other clients that this person may see."""
    return list(policy.accounts_for(actor).exclude(pk=template.account_id).order_by("name"))


def plan(actor: User, template: EmailTemplate, accounts: list[Account]) -> list[Line]:
    """One verdict for each of `accounts`; those the person may not even see are left out."""
    seen = set(policy.accounts_for(actor).values_list("pk", flat=True))
    editable = set(policy.accounts_for(actor, "edit").values_list("pk", flat=True))
    others = [account for account in accounts if account.pk in seen and account.pk != template.account_id]
    return [_line(template, account, account.pk in editable) for account in others]


def _line(template: EmailTemplate, account: Account, may_edit: bool) -> Line:
    if not may_edit:
        return Line(account, Verdict.NO_RIGHT)
    titled = list(EmailTemplate.objects.filter(account=account, title_key=template.title_key, gone_at=None)[:2])
    if not titled:
        return Line(account, Verdict.NEW)
    there = titled[0]
    if len(titled) > 1 or there.deleted_at is not None:
        return Line(account, Verdict.TAKEN)
    same = mark(there.title, there.body_html, there.body_text) == mark(
        template.title, template.body_html, template.body_text
    )
    return Line(account, Verdict.SAME if same else Verdict.REPLACE, there)


def carry_out(actor: User, template: EmailTemplate, agreed: list[list[Any]], replace: set[int]) -> list[Outcome]:
    """Do what the person agreed to: `agreed` holds the keys of the plan's lines, `replace` the clients ticked for it."""
    accounts = {account.pk: account for account in choices(actor, template)}
    chosen = [accounts[key[0]] for key in agreed if key and key[0] in accounts]
    with transaction.atomic():
        return [_do(actor, template, line, agreed, replace) for line in plan(actor, template, chosen)]


def _do(actor: User, template: EmailTemplate, line: Line, agreed: list[list[Any]], replace: set[int]) -> Outcome:
    if line.key not in agreed:
        return Outcome(
            line, said=_("Something moved there since the plan was shown. Nothing was sent; make a new plan.")
        )
    if line.verdict not in WRITES:
        return Outcome(line, line.there, line.sentence)
    values = {"title": template.title, "body_html": template.body_html, "body_text": template.body_text}
    why = _("Copied from %(client)s") % {"client": template.account.name}
    try:
        if line.verdict == Verdict.NEW:
            return Outcome(
                line,
                services.create_template(actor, line.account, values, why),
                _("Created; on its way to Cyberimpact."),
            )
        if line.there is None or line.account.pk not in replace:
            return Outcome(line, line.there, _("Not ticked, so it stays as it is."))
        services.replace_template(actor, line.there, values, line.there.edit_version, why)
        return Outcome(line, line.there, _("Replaced; on its way to Cyberimpact."))
    except (ValidationError, record.StaleEdit) as refused:
        return Outcome(line, said=" ".join(getattr(refused, "messages", [str(refused)])))
