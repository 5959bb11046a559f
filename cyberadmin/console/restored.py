"""After a restored backup: what is held back, what still has to be pulled, and letting it go on."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.forms import ReasonForm
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import AgencyPage, address, to_home
from cyberadmin.sync import holding, restored
from cyberadmin.sync.models import Change, ChangeSet
from cyberadmin.sync.pages import FormPage


class RestoredPage(RecentPassword, AgencyPage, FormPage):
    """Says what happened, lists the clients that are still being pulled, and takes the decision to go on."""

    form_class = ReasonForm
    template_name = "console/restored.html"
    title = gettext_lazy("A backup was restored")
    submit_label = gettext_lazy("Go on sending")
    success_text = gettext_lazy("Sending goes on.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        return response if holding.holds() or request.method == "POST" else to_home(request)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(
            form,
            installation=restored.current(),
            to_pull=restored.still_to_pull(),
            creates=Change.objects.filter(state=Change.State.QUEUED, keyless=True).count(),
            edits=Change.objects.filter(state=Change.State.QUEUED, keyless=False).count(),
            sets=ChangeSet.objects.filter(state=ChangeSet.State.APPLYING).count(),
            cancel_url=address(self.request, "admin:index"),
            **context,
        )

    def perform(self, form: Any) -> None:
        restored.confirm(self.user, form.cleaned_data["why"])

    def done_url(self, outcome: Any) -> str:
        return address(self.request, "admin:index")
