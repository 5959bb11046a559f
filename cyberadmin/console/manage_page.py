"""The base of pages about a client itself."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import ConfirmForm, PageForm
from cyberadmin.sync.pages import FormPage


class ManagePage(FormPage):
    """A page about the client itself, for who manages it; afterwards back to the client's own page."""

    right: ClassVar[policy.Right] = "manage"
    form_class: ClassVar[type[PageForm]] = ConfirmForm

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:index")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.account.name, reverse("admin:index"))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, **{"cancel_url": reverse("admin:index"), **context})
