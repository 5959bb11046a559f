"""Copying a template to other clients: choose, see the plan, carry it out, read what became of it."""

import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.sync import services as sync

from . import copies
from .forms import ApplyForm, ChooseForm
from .models import EmailTemplate
from .pages import page_url


class CopyPage(ScopedPage):
    """One template, some of the person's other clients, one verdict for each."""

    right = "edit"
    template_name = "emailtemplates/copy.html"
    title = gettext_lazy("Copy to other clients")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (self.obj.title or _("(without title)"), page_url(self.obj))]

    @property
    def template(self) -> EmailTemplate:
        """The template to copy."""
        template: EmailTemplate = self.obj
        return template

    @property
    def possible(self) -> bool:
        """Whether there is anything to copy: a title, and not on its way out."""
        return bool(self.template.title) and self.template.deleted_at is None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.choose(None)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.possible:
            return HttpResponseRedirect(page_url(self.template))
        return self.carry_out() if "agreed" in request.POST else self.choose(request.POST)

    def choose(self, data: Any) -> HttpResponse:
        """The list of clients; with `data`, the plan for those chosen in it."""
        accounts = copies.choices(self.user, self.template)
        form = ChooseForm(data, accounts=accounts)
        if data is None or not form.is_valid():
            return self.render(form=form, accounts=accounts, possible=self.possible, cancel_url=page_url(self.template))
        chosen = set(form.cleaned_data["clients"])
        lines = copies.plan(self.user, self.template, [one for one in accounts if str(one.pk) in chosen])
        return self.render(
            template="emailtemplates/plan.html",
            lines=lines,
            agreed=json.dumps([line.key for line in lines]),
            writes=any(line.verdict in copies.WRITES for line in lines),
            cancel_url=page_url(self.template, "copy"),
        )

    def carry_out(self) -> HttpResponse:
        """Do the plan once, and show what became of each client."""
        accounts = copies.choices(self.user, self.template)
        form = ApplyForm(self.request.POST, accounts=accounts)
        if not form.is_valid():
            messages.error(self.request, _("Reload the page: this form is damaged."))
            return HttpResponseRedirect(page_url(self.template, "copy"))
        values = form.cleaned_data
        with transaction.atomic():
            if not sync.once(values["form_token"], self.user):
                messages.info(self.request, _("This plan was already carried out; nothing was sent a second time."))
                return HttpResponseRedirect(page_url(self.template))
            outcomes = copies.carry_out(self.user, self.template, values["agreed"], set(values["replace"]))
        shown = [(outcome, self._address(outcome)) for outcome in outcomes]
        return self.render(template="emailtemplates/copied.html", outcomes=shown, back_url=page_url(self.template))

    def _address(self, outcome: copies.Outcome) -> str:
        if outcome.template is None:
            return ""
        name = "admin:emailtemplates_emailtemplate_change"
        return address(self.request, name, outcome.template.pk, account=outcome.line.account)
