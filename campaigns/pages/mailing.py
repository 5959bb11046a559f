"""One mailing: where it is, stopping and moving it, and what became of it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import approvals, click_map, results, sending
from campaigns.forms import WhyForm
from campaigns.models import Mailing, RecipientList
from cyberadmin.accounts.scoping import ScopedPage, rights
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change
from cyberadmin.sync.pages import FormPage, announce
from templates import preview

from . import charts
from .common import TOO_LATE, campaign_url, mailing_url
from .times import TimeForm, typed

HISTORY = 20


def mailings_url() -> str:
    """The list of mailings."""
    return reverse("admin:campaigns_mailing_changelist")


class OfMailing(ScopedPage):
    """A page about one mailing. Those that were cancelled or are gone can still be looked at, only not in the list."""

    obj: Mailing

    def rows(self) -> QuerySet[Any]:
        rows = Mailing.objects.select_related("edition__campaign", "moved_from", "account")
        scoped: QuerySet[Any] = self.model_admin.scope(self.request, rows)
        return scoped

    def crumbs(self) -> list[tuple[Any, str]]:
        way = [(_("Mailings"), mailings_url())]
        return [*way, (self.obj.subject, mailing_url(self.obj))] if self.here else way

    #: Whether the mailing's own page is on the way here.
    here = True


class MailingBody(OfMailing, preview.PreviewPage):
    """The HTML of a mailing, for a frame."""

    def html(self) -> str:
        return self.obj.body_html


class MailingPage(OfMailing):
    """Where a mailing is and what became of it."""

    template_name = "campaigns/mailing.html"
    here = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mailing = self.obj
        self.title = mailing.subject
        unread = mailing.details_at is None and mailing.remote_id is not None and mailing.is_live
        if unread and self.account.is_working:
            results.refresh(self.user, mailing)
        changes = Change.objects.filter(account=self.account, kind="mailing", object_id=mailing.pk).order_by("-id")
        recent = changes.select_related("actor").prefetch_related("edits")[:HISTORY]
        waiting = mailing.is_live and mailing.stage in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED)
        campaign = mailing.edition.campaign if mailing.edition else None
        return self.render(
            mailing=mailing,
            campaign=campaign,
            campaign_url=campaign_url(campaign) if campaign else "",
            countdown=sending.countdown(mailing),
            unread=unread,
            may_cancel=waiting and rights(request).edit,
            may_move=waiting and rights(request).can("send") and mailing.purpose == Mailing.Purpose.REAL,
            zone=self.account.time_zone,
            moved_to=mailing.moved_to.first(),
            history=[(change, reasons.explain(change)) for change in recent],
            too_late=too_late(recent),
            preview=preview.frame(
                request, mailing_url(mailing, "body"), html=mailing.body_html, text=mailing.body_text
            ),
            **results_of(mailing),
        )


def too_late(changes: Iterable[Change]) -> Any:
    """In words, what became of a cancellation or a move that came too late; None when the newest change is no such."""
    newest = next(iter(changes), None)
    return reasons.explain(newest) if newest is not None and newest.reason in TOO_LATE else None


def results_of(mailing: Mailing) -> dict[str, Any]:
    """What became of a mailing, for its page; `left` is False while there is nothing to tell."""
    left = mailing.stage in results.LEFT
    if not left:
        return {"left": False}
    lists = {one.outcome: one for one in mailing.recipient_lists.all()}
    return {
        "left": True,
        "funnel": charts.funnel(results.funnel(mailing)),
        "curves": [
            (label, charts.curve(results.curve(mailing, outcome)))
            for outcome, label in (("opened", _("First opened")), ("clicked", _("First clicked")))
        ],
        "link_rows": charts.link_rows(click_map.ranked(mailing.links)),
        "lists": [(value, label, lists.get(value)) for value, label in RecipientList.Outcome.choices],
    }


class RefreshPage(OfMailing, FormPage):
    """Read the counters and links of a mailing again."""

    right = "view"
    form_class = WhyForm
    template_name = "campaigns/refresh.html"
    title = gettext_lazy("Read the results again")
    submit_label = gettext_lazy("Read them now")

    def make_form(self, data: Any = None) -> Any:
        form = super().make_form(data)
        del form.fields["why"]
        return form

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=mailing_url(self.obj), **context)

    def perform(self, form: Any) -> Any:
        results.refresh(self.user, self.obj)
        return True

    def announce(self, outcome: Any) -> None:
        messages.info(self.request, _("A worker reads them now. Reload the page in a moment."))

    def done_url(self, outcome: Any) -> str:
        return mailing_url(self.obj)


class CancelPage(OfMailing, FormPage):
    """Stop a mailing before it leaves."""

    form_class = WhyForm
    template_name = "campaigns/cancel.html"
    title = gettext_lazy("Cancel the mailing")
    submit_label = gettext_lazy("Cancel the mailing")
    danger = True

    def show(self, form: Any, **context: Any) -> HttpResponse:
        mailing = self.obj
        context["not_offered"] = not mailing.is_live or mailing.stage not in ("new", "scheduled")
        return super().show(
            form,
            mailing=mailing,
            countdown=sending.countdown(mailing),
            cancel_url=mailing_url(mailing),
            back_label=_("Go back"),
            **context,
        )

    def perform(self, form: Any) -> Any:
        return sending.cancel(self.user, self.obj, form.cleaned_data["why"])

    def announce(self, outcome: Any) -> None:
        if outcome is None:
            messages.success(self.request, _("It had not left for Cyberimpact yet, so there was nothing to ask there."))
        else:
            announce(self.request, outcome, _("Asked Cyberimpact to delete it; its answer shows here."))

    def done_url(self, outcome: Any) -> str:
        return mailing_url(self.obj)


class MoveForm(TimeForm):
    """Another time, the number of recipients where it must be typed, and why."""

    typed_count = forms.IntegerField(
        label=gettext_lazy("Number of recipients, typed"),
        required=False,
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    why = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, count_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not count_needed:
            self.fields["typed_count"].widget = forms.HiddenInput()


class MovePage(OfMailing, FormPage):
    """Another time: the mailing is deleted at the vendor, and a new one made when it is really gone."""

    right = "send"
    form_class = MoveForm
    template_name = "campaigns/move.html"
    title = gettext_lazy("Move the mailing")
    submit_label = gettext_lazy("Move the mailing")

    @property
    def count(self) -> int:
        """The people that were approved for this language."""
        approval = self.obj.approval
        return approval.recipients.get(self.obj.language, 0) if approval else 0

    def form_kwargs(self) -> dict[str, Any]:
        return {"zone": self.account.time_zone, "count_needed": approvals.typed_count_needed(self.count)}

    def initial(self) -> dict[str, Any]:
        return {"send_at": typed(self.obj.send_at, self.account)} if self.obj.send_at else {}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        mailing = self.obj
        waiting = mailing.is_live and mailing.stage == Mailing.Stage.SCHEDULED
        context["not_offered"] = not waiting or mailing.purpose != Mailing.Purpose.REAL
        return super().show(form, mailing=mailing, count=self.count, cancel_url=mailing_url(mailing), **context)

    def perform(self, form: Any) -> Any:
        values = form.cleaned_data
        return sending.move(
            self.user, self.obj, values["send_at"], values["which"] or None, values["typed_count"], values["why"]
        )

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Recorded. The new one is made once Cyberimpact has deleted the old one."))

    def done_url(self, outcome: Any) -> str:
        return mailing_url(outcome if outcome is not None else self.obj)
