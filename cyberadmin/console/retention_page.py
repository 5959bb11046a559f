"""For how long data of one client is kept, and what went (product.md 3b)."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import retention
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account

from .manage_page import ManagePage


class RetentionForm(PageForm):
    """Days of each kind; empty = the usual."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in retention.KINDS.items():
            bounds = _("%(least)s to %(most)s days; usually %(most)s.") % {"least": kind.least, "most": kind.most}
            self.fields[name] = forms.IntegerField(
                label=str(kind.label),
                required=False,
                min_value=kind.least,
                max_value=kind.most,
                help_text=f"{kind.help} {bounds}",
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": str(kind.most)}),
            )


class RetentionPage(ManagePage):
    """The days, and what age took away night by night."""

    form_class = RetentionForm
    template_name = "console/retention.html"
    title = gettext_lazy("For how long data is kept")
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return {name: self.account.kept_days.get(name) for name in retention.KINDS}

    def perform(self, form: Any) -> str | None:
        chosen = {name: form.cleaned_data[name] for name in retention.KINDS}
        return "changed" if retention.change(self.user, self.account, chosen) else None

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Settings"), reverse("admin:account_settings"))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_retention")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        report = retention.report(self.account)
        return super().show(form, **{"report": report, "cancel_url": reverse("admin:account_settings"), **context})


def shown(account: Account) -> list[tuple[Any, int, int]]:
    """(what, days, the usual) of each kind."""
    return [(kind.label, retention.days(account, name), kind.most) for name, kind in retention.KINDS.items()]
