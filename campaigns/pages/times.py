"""When a campaign leaves: wall time in the client's zone, with the hour that the clock change takes or doubles asked for."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import services, times
from campaigns.models import Edition
from campaigns.models.writing import Language
from campaigns.sending import LEAD
from cyberadmin.accounts.forms import PageForm

from .common import CampaignFormPage

WHICH = [
    ("first", gettext_lazy("the first one (before the clocks change)")),
    ("second", gettext_lazy("the second one")),
]


class WallTimeField(forms.CharField):
    """A day and a time as people of the client read their clock; no zone of its own."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "datetime-local", "step": "60"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """A datetime without zone."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            raise ValidationError(_("Write the day and the time, such as 2027-03-01 09:00.")) from None


class TimeForm(PageForm):
    """A wall time, and which one is meant when it exists twice."""

    send_at = WallTimeField(label=gettext_lazy("Send at"))
    which = forms.ChoiceField(
        label=gettext_lazy("Which one is meant?"), required=False, choices=WHICH, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["which"].needed = True  # type: ignore[attr-defined]
        self.fields["send_at"].help_text = _("In the client's time zone, %(zone)s.") % {"zone": zone}

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        """The fields to show: which of two times is asked only where there are two."""
        refusals = self.errors.as_data().get("send_at", []) if self.is_bound else []
        asked = bool(self.data.get("which")) or any(error.code == "doubled" for error in refusals)
        return [field for field in self.visible_fields() if asked or field.name != "which"]


class CampaignTimeForm(TimeForm):
    """The time of every language that has not left, or of one."""

    languages = forms.ChoiceField(label=gettext_lazy("For"), required=False)

    def __init__(self, *args: Any, several: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["languages"]
        # One that a colleague has scheduled meanwhile is answered by the service, in words.
        field.choices, field.needed = [("", _("every language")), *Language.choices], True
        if not several:
            field.widget = forms.HiddenInput()


class TimePage(CampaignFormPage):
    """The time of sending, or none."""

    form_class = CampaignTimeForm
    title = gettext_lazy("When it leaves")
    submit_label = gettext_lazy("Choose this time")
    template_name = "campaigns/time.html"

    def form_kwargs(self) -> dict[str, Any]:
        return {"zone": self.account.time_zone, "several": len(self._left()) > 1}

    def initial(self) -> dict[str, Any]:
        chosen = next((one.send_at for one in self._left() if one.send_at), None)
        return {"send_at": typed(chosen, self.account)} if chosen else {}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, lead=int(LEAD.total_seconds() // 60), **context)

    def perform(self, form: Any) -> Any:
        values = form.cleaned_data
        free = [one.language for one in self._left()]
        # Where every language is scheduled or sent already, the service says so.
        languages = [values["languages"]] if values["languages"] else free or None
        return services.set_time(self.user, self.obj, values["send_at"], values["which"] or None, languages)

    def _left(self) -> list[Edition]:
        return services.left_to_schedule(self.obj.editions.all())


def typed(moment: datetime, account: Any) -> str:
    """A moment as the input wants it."""
    return f"{times.local(moment, account.zone):%Y-%m-%dT%H:%M}"
