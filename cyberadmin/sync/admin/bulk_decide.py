"""The pages on which a person decides about a bulk change: ask for or give an approval and apply, cancel, take back."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm, ReasonForm
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.sync.bulk import kinds, services
from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.pages import FormPage

from . import bulk_words

State = ChangeSet.State
#: A mail that goes out cannot be called back: its number is always typed.
ALWAYS_TYPED = ("optin",)


def set_url(change_set: ChangeSet) -> str:
    """The page of a bulk change."""
    return reverse("admin:sync_changeset_change", args=[change_set.pk])


def has_right(user: Any, change_set: ChangeSet) -> bool:
    """Whether this person may decide about this bulk change."""
    if not kinds.known(change_set.kind):
        return False
    return policy.can(user, kinds.get(change_set.kind).right(change_set), change_set.account_id)


def count_to_type(change_set: ChangeSet) -> int:
    """The number of rows that the person has to type before it is applied; 0 = none."""
    number = services.to_do(change_set.counts)
    above = number > settings.BULK_TYPED_COUNT_ABOVE or change_set.kind in ALWAYS_TYPED
    return number if above else 0


class ApplyForm(PageForm):
    """What approving and applying takes: the fingerprint that was seen, and the number typed."""

    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=32)
    typed_count = forms.IntegerField(
        label=gettext_lazy("Number of rows that will be sent, typed"),
        required=False,
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note for your colleague"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DecidePage(FormPage):
    """A page about one bulk change that leads back to it."""

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (bulk_words.title(self.obj), set_url(self.obj))]

    def done_url(self, outcome: Any) -> str:
        return set_url(self.obj)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        change_set: ChangeSet = self.obj
        return super().show(
            form,
            change_set=change_set,
            facts=bulk_words.facts(change_set),
            forecast=bulk_words.forecast(change_set),
            cancel_url=set_url(change_set),
            **context,
        )


class ApplyPage(RecentPassword, DecidePage):
    """Ask a second person, or approve what the plan shows and have it sent."""

    form_class = ApplyForm
    template_name = "sync/bulk_decide.html"
    title = gettext_lazy("Approve and apply")

    def initial(self) -> dict[str, Any]:
        return {"fingerprint": self.obj.fingerprint}

    @property
    def must_ask(self) -> bool:
        """Whether this person cannot decide alone."""
        change_set: ChangeSet = self.obj
        needed = kinds.known(change_set.kind) and bool(kinds.get(change_set.kind).needs_second_person(change_set))
        made = self.user.pk in (change_set.actor_id, change_set.asked_by_id)
        return bool(needed and made and not change_set.is_approved)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        change_set: ChangeSet = self.obj
        offered = change_set.state in (State.PLANNED, State.ASKED) and services.to_do(change_set.counts) > 0
        asking = self.must_ask
        if asking or not count_to_type(change_set):
            del form.fields["typed_count"]
        else:
            typed: Any = form.fields["typed_count"]
            typed.needed = True
        if not asking:
            del form.fields["note"]
        self.submit_label = _("Ask a colleague") if asking else _("Approve and apply now")
        return super().show(
            form,
            not_offered=not (offered and has_right(self.user, change_set))
            or (asking and change_set.state == State.ASKED),
            asking=asking,
            waiting=asking and change_set.state == State.ASKED,
            second_person=bulk_words.second_person(change_set),
            to_do=services.to_do(change_set.counts),
            **context,
        )

    def perform(self, form: Any) -> str:
        change_set: ChangeSet = self.obj
        if self.must_ask:
            services.ask(self.user, change_set, form.cleaned_data["note"])
            return "asked"
        wanted = count_to_type(change_set)
        if wanted and form.cleaned_data["typed_count"] != wanted:
            raise ValidationError(
                {"typed_count": _("This is not the number of rows that would be sent, so nothing was done.")}
            )
        if not change_set.is_approved:
            services.approve(self.user, change_set, form.cleaned_data["fingerprint"])
        services.apply(self.user, change_set)
        return "applied"

    def announce(self, outcome: Any) -> None:
        said = {
            "asked": _("Asked. Nothing is sent before a colleague approves this plan."),
            "applied": _("Approved. It is being applied now; you can leave this page."),
        }
        messages.success(self.request, said[outcome])


class CancelPage(DecidePage):
    """Nothing more of it is sent, ever."""

    form_class = ReasonForm
    template_name = "sync/bulk_cancel.html"
    title = gettext_lazy("Cancel the rest")
    submit_label = gettext_lazy("Cancel the rest")
    danger = True

    def show(self, form: Any, **context: Any) -> HttpResponse:
        ended = self.obj.state in (State.DONE, State.CANCELLED, State.FAILED)
        return super().show(form, not_offered=ended or not has_right(self.user, self.obj), **context)

    def perform(self, form: Any) -> str:
        services.cancel(self.user, self.obj, form.cleaned_data["why"])
        return "cancelled"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Cancelled. What had left already is followed to its end."))


class TakeBackPage(DecidePage):
    """Plan the reverse of what was applied."""

    form_class = ReasonForm
    template_name = "sync/bulk_take_back.html"
    title = gettext_lazy("Take back")
    submit_label = gettext_lazy("Plan the taking back")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        change_set: ChangeSet = self.obj
        found = kinds.get(change_set.kind).reversal(change_set) if kinds.known(change_set.kind) else None
        over = change_set.finished_at is not None and change_set.started_at is not None
        return super().show(
            form,
            reversal=bulk_words.reversal(found),
            not_offered=found is None or not over or not has_right(self.user, change_set),
            **context,
        )

    def perform(self, form: Any) -> ChangeSet:
        return services.take_back(self.user, self.obj, form.cleaned_data["why"])

    def done_url(self, outcome: Any) -> str:
        return set_url(outcome if isinstance(outcome, ChangeSet) else self.obj)

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Here is the plan of taking back. Nothing is sent before you apply it."))
