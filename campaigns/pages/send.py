"""The last page before people receive anything: what Cyberimpact says now, who agrees, and the sending itself."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import approvals, confirming, sending, services
from campaigns.models import Approval, Campaign, ClientIdentity, Confirmation
from campaigns.models.writing import Language
from campaigns.preflight import gather
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedPage, rights
from cyberadmin.sync.pages import FormPage

from .campaign import checked
from .common import CampaignFormPage, campaign_url, campaigns_url, chosen_edition, editions_of, mailing_url


class SendForm(PageForm):
    """What the buttons of the page need: the typed number, a note, a reason."""

    typed_count = forms.IntegerField(
        label=gettext_lazy("Number of recipients, typed"),
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
    why = forms.CharField(
        label=gettext_lazy("Why not"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class SendPage(RecentPassword, CampaignFormPage):
    """Read the groups at the vendor, ask for approval, approve, refuse, schedule."""

    form_class = SendForm
    title = gettext_lazy("Approve and schedule")
    template_name = "campaigns/send.html"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        campaign: Campaign = self.obj
        last = campaign.confirmations.first()
        fresh = confirming.latest_confirmation(campaign)
        report = gather.check(campaign, fresh)
        open_one = approvals.open_approval(campaign)
        return super().show(
            form,
            editions=editions_of(campaign),
            last=last,
            fresh=fresh,
            groups=_groups(fresh),
            status_url=campaign_url(campaign, "confirmation"),
            checks=checked(self.request, campaign, report)[:2],
            report=report,
            approval=open_one,
            may_send=rights(self.request).can("send"),
            may_decide=open_one is not None and approvals.may_decide(self.user, open_one),
            count_needed=fresh is not None and approvals.typed_count_needed(fresh.recipients),
            zone=self.account.time_zone,
            **context,
        )

    def perform(self, form: Any) -> Any:
        verbs: dict[str, Callable[[Any], str]] = {
            "read": self._read,
            "ask": self._ask,
            "approve": self._approve,
            "refuse": self._refuse,
            "withdraw": self._withdraw,
            "schedule": self._schedule,
        }
        verb = verbs.get(self.request.POST.get("do", ""))
        if verb is None:
            raise ValidationError(_("Press one of the buttons."))
        return verb(form.cleaned_data)

    def announce(self, outcome: Any) -> None:
        if outcome:
            messages.success(self.request, outcome)

    def done_url(self, outcome: Any) -> str:
        done = self.request.POST.get("do") in ("schedule", "refuse", "withdraw")
        return campaign_url(self.obj, "change" if done else "send")

    def _read(self, values: dict[str, Any]) -> str:
        services.require(self.user, "edit", self.account)
        confirming.request_confirmation(self.user, self.obj)
        return ""

    def _confirmation(self) -> Confirmation:
        """The reading that the page showed. Raises ValidationError when it is too old by now."""
        shown = self.request.POST.get("confirmation", "")
        fresh = confirming.latest_confirmation(self.obj)
        if fresh is None or str(fresh.pk) != shown:
            raise ValidationError(
                _(
                    "What Cyberimpact said is too old, or the campaign changed since. Read the groups again, then confirm."
                )
            )
        return fresh

    def _open(self) -> Approval:
        approval = approvals.open_approval(self.obj)
        if approval is None or str(approval.pk) != self.request.POST.get("approval"):
            raise ValidationError(_("This was decided already. Reload the page."))
        return approval

    def _ask(self, values: dict[str, Any]) -> str:
        approvals.ask_approval(self.user, self.obj, self._confirmation(), values["note"])
        return _("Asked. Somebody who may send decides.")

    def _approve(self, values: dict[str, Any]) -> str:
        approvals.approve(self.user, self.obj, self._confirmation(), values["typed_count"])
        return _("Approved, exactly as it is now. Any edit takes the approval back.")

    def _refuse(self, values: dict[str, Any]) -> str:
        approvals.refuse_approval(self.user, self._open(), values["why"])
        return _("Refused. Your colleague sees why.")

    def _withdraw(self, values: dict[str, Any]) -> str:
        approvals.withdraw_approval(self.user, self._open())
        return _("The approval was taken back.")

    def _schedule(self, values: dict[str, Any]) -> str:
        sending.schedule(self.user, self.obj)
        return _("Recorded here; on its way to Cyberimpact. Watch it below.")


def _groups(confirmation: Confirmation | None) -> list[tuple[str, list[dict[str, Any]], int]]:
    """By language: its name, the groups as the vendor has them now, and the people in them."""
    if confirmation is None:
        return []
    counts = confirming.counts(confirmation)
    return [
        (str(dict(Language.choices).get(language, language)), found, counts[language])
        for language, found in confirmation.groups.items()
    ]


class ConfirmationStatus(ScopedPage):
    """Whether the last reading has ended, for the page that waits for it."""

    right = "edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        last = self.obj.confirmations.first()
        return JsonResponse({"final": last is None or last.state != Confirmation.State.WAITING})


class TestForm(PageForm):
    """Which language goes to which group of one."""

    language = forms.ChoiceField(label=gettext_lazy("Language"))
    group: Any = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Group of one contact"), empty_label=None)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        group: Any = self.fields["group"]
        language.choices = [(one.language, one.get_language_display()) for one in editions_of(campaign)]
        group.queryset = sending.test_groups(campaign.account)


class TestPage(CampaignFormPage):
    """A real mailing to a group of one person."""

    form_class = TestForm
    title = gettext_lazy("Send a test")
    submit_label = gettext_lazy("Send the test")
    template_name = "campaigns/test.html"

    def form_kwargs(self) -> dict[str, Any]:
        return {"campaign": self.obj}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, none=not form.fields["group"].queryset.exists(), **context)

    def perform(self, form: Any) -> Any:
        values = form.cleaned_data
        return sending.send_test(self.user, chosen_edition(self.obj, values["language"]), values["group"])

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("The test is on its way to Cyberimpact. It leaves in a few minutes."))

    def done_url(self, outcome: Any) -> str:
        return mailing_url(outcome) if outcome is not None else campaign_url(self.obj)


class IdentityForm(PageForm):
    """What the law wants every mailing to say about its sender."""

    name = forms.CharField(label=gettext_lazy("Name in mailings"), required=False, max_length=200)
    postal_address = forms.CharField(label=gettext_lazy("Postal address"), required=False, max_length=300)
    contact = forms.CharField(label=gettext_lazy("Phone, e-mail address or web site"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.needed = True  # type: ignore[attr-defined]


class IdentityPage(FormPage):
    """Who the client is in every mailing."""

    form_class = IdentityForm
    title = gettext_lazy("Who sends")
    submit_label = gettext_lazy("Save")
    template_name = "campaigns/identity.html"

    def initial(self) -> dict[str, Any]:
        known = ClientIdentity.objects.filter(account=self.account).first()
        return {name: getattr(known, name) for name in ("name", "postal_address", "contact")} if known else {}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=campaigns_url(), **context)

    def perform(self, form: Any) -> Any:
        values = form.cleaned_data
        return services.set_identity(
            self.user, self.account, values["name"], values["postal_address"], values["contact"]
        )

    def done_url(self, outcome: Any) -> str:
        return campaigns_url()
