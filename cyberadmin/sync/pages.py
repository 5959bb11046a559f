"""Pages with a form whose submit records a change: once, whole, and with nothing typed ever lost.

The one-time id of the form and the change are written in one transaction, so a double click, a reload or a second tab
with the same form makes one change. Refused values come back beside their field; a row that somebody else changed
meanwhile comes back with both values and a choice for each.
"""

import json
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.scoping import ScopedPage

from . import services
from .models import Change, Submission
from .record import StaleEdit

#: Prefix of the radio buttons that settle a stale form, one for each field.
KEEP = "keep-"


def announce(request: HttpRequest, outcome: Any, text: str = "") -> None:
    """Say what was recorded, with the way to it in the Outbox; or that nothing had changed."""
    if isinstance(outcome, Change):
        address = reverse("admin:sync_change_detail", args=[outcome.pk])
        said = text or _("Saved here; on its way to Cyberimpact.")
        messages.success(request, format_html('{} <a href="{}">{}</a>', said, address, _("Follow it in the Outbox")))
    elif outcome is None:
        messages.info(request, _("Nothing had changed, so nothing was sent."))
    else:
        messages.success(request, text or _("Saved."))


class FormPage(ScopedPage):
    """A page with one form. Subclasses give `form_class`, `perform` and `done_url`."""

    right: ClassVar[policy.Right] = "edit"
    form_class: ClassVar[type[PageForm]]
    template_name = "console/form_page.html"
    #: The button's text, and whether it does something that cannot be taken back.
    submit_label: Any = ""
    danger: ClassVar[bool] = False
    success_text: Any = ""

    def initial(self) -> dict[str, Any]:
        """What the form shows at first."""
        return {}

    def form_kwargs(self) -> dict[str, Any]:
        """More arguments for the form."""
        return {}

    def perform(self, form: Any) -> Any:
        """Do it, inside a transaction; returns the Change, None when nothing changed, or anything else."""
        raise NotImplementedError

    def done_url(self, outcome: Any) -> str:
        """Where to go afterwards."""
        raise NotImplementedError

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        """The form, bound to `data` when there is any."""
        return self.form_class(data, initial=self.initial(), **self.form_kwargs())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.make_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.make_form(settle(request.POST))
        if is_known(request.POST.get("form_token", "")):
            return self.repeated(request.POST["form_token"])
        if not form.is_valid():
            return self.show(form)
        try:
            with transaction.atomic():
                if not services.once(form.cleaned_data["form_token"], self.user):
                    return self.repeated(str(form.cleaned_data["form_token"]))
                outcome = self.perform(form)
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return self.show(form)
        except StaleEdit as stale:
            return self.show_stale(form, stale)
        self.announce(outcome)
        return self.leave(str(form.cleaned_data["form_token"]), self.done_url(outcome))

    def repeated(self, token: str) -> HttpResponse:
        """The same form came a second time: nothing is done, and the person is told."""
        messages.info(self.request, _("This form was already saved; it was not sent a second time."))
        return self.leave(token, self.repeat_url())

    def announce(self, outcome: Any) -> None:
        """Tell what happened."""
        announce(self.request, outcome, str(self.success_text))

    def repeat_url(self) -> str:
        """Where a second submit of the same form leads."""
        return self.done_url(None)

    def leave(self, token: str, url: str) -> HttpResponse:
        """Go on, remembering that the draft of this form may be forgotten."""
        self.request.session["form_saved"] = token
        return HttpResponseRedirect(url)

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        """The page with its form."""
        return self.render(form=form, submit_label=self.submit_label, danger=self.danger, **context)

    def show_stale(self, form: PageForm, stale: StaleEdit) -> HttpResponse:
        """The page that puts what was typed beside what somebody else saved meanwhile."""
        self.obj = self.find(self.obj.pk)
        rows = [{"name": name, "label": label_of(form, name), **values} for name, values in stale.theirs.items()]
        posted: Any = form.data
        data = posted.copy()
        data["edit_version"] = str(self.obj.edit_version)
        shown = json.loads(data.get("shown") or "{}")
        shown.update({name: values.get("now") for name, values in stale.theirs.items()})
        data["shown"] = json.dumps(shown)
        hidden = [(name, value) for name, values in data.lists() for value in values if name != "csrfmiddlewaretoken"]
        context = {"rows": rows, "hidden": hidden, "by": stale.by, "at": stale.at}
        return self.render(status=409, template="console/stale.html", **context)


def is_known(token: str) -> bool:
    """Whether a form with this one-time id was saved before; checked first, since what it made may refuse it now."""
    try:
        return Submission.objects.filter(token=UUID(token)).exists()
    except ValueError:
        return False


def label_of(form: forms.Form, name: str) -> str:
    """What people call a field."""
    field = form.fields.get(name)
    return str(field.label) if field is not None and field.label else name


def settle(data: QueryDict) -> QueryDict:
    """The posted data with each field that was settled for the other side's value replaced by it."""
    if not any(name.startswith(KEEP) for name in data):
        return data
    settled = data.copy()
    for key in data:
        if key.startswith(KEEP) and data[key] == "now":
            name = key.removeprefix(KEEP)
            settled[name] = data.get(f"now-{name}", "")
    return settled


def add_refusal(form: forms.Form, refusal: ValidationError) -> None:
    """Put a service's refusal beside the fields it names, and above the form what names none of them."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)
