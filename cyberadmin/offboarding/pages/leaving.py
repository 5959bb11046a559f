"""Inside the client: the steps by which they leave, each with its page. The purge is for administrators alone."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cyberadmin.accounts.forms import PageForm, ReasonForm
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedPage, account_of, address
from cyberadmin.console.manage_page import ManagePage
from cyberadmin.offboarding import progress, services, standing
from cyberadmin.offboarding.forms import BeginForm, FileForm, PurgeForm
from cyberadmin.offboarding.models import OffBoarding, Work
from cyberadmin.sync.uploads import UploadError


class ShowPage(ScopedPage):
    """The steps, each with its state, who took it and when."""

    right = "manage"
    template_name = "offboarding/leaving.html"
    title = gettext_lazy("Off-board this client")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.account.name, reverse("admin:index")), (_("Settings"), reverse("admin:account_settings"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        off_boarding = services.current(self.account)
        if off_boarding is None:
            return HttpResponseRedirect(reverse("admin:leaving_begin"))
        # Before the steps are read: what moves on between the two makes the page show itself anew, not wait for ever.
        seen = _seen(off_boarding)
        shown = progress.steps(off_boarding)
        moving = any(step.state == "doing" for step in shown)
        return self.render(off_boarding=off_boarding, steps=shown, moving=moving, seen=seen)


class StatusPage(ScopedPage):
    """Whether anything has moved on since the page was shown."""

    right = "manage"

    def get(self, request: HttpRequest) -> JsonResponse:
        off_boarding = services.current(self.account)
        seen = _seen(off_boarding) if off_boarding is not None else ""
        return JsonResponse({"final": seen != request.GET.get("seen", "")})


def _seen(off_boarding: OffBoarding) -> str:
    """How far everything is, short enough for an address."""
    file = standing.file_of(off_boarding)
    waiting = standing.waiting(off_boarding.account)
    mailings = standing.scheduled(off_boarding.account).count()
    watched = len(standing.watched(off_boarding.account))
    return f"{file.state if file else ''}-{mailings}-{waiting.total}-{watched}"


class LeavingPage(RecentPassword, ManagePage):
    """A step of the off-boarding that is going on; afterwards back to all of them. Asks for the password."""

    template_name = "offboarding/step.html"
    form_class: ClassVar[type[PageForm]] = ReasonForm
    #: What the page says above its form: a key of step.html.
    about: ClassVar[str] = ""

    @property
    def off_boarding(self) -> OffBoarding:
        """The off-boarding of the client in the address. Raises Http404."""
        found = services.current(self.account)
        if found is None or not found.is_open:
            raise Http404
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if services.current(self.account) is None:
            return HttpResponseRedirect(reverse("admin:leaving_begin"))
        return super().get(request, *args, **kwargs)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Off-boarding"), reverse("admin:leaving"))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:leaving")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, **{"cancel_url": reverse("admin:leaving"), "about": self.about, **context})


class BeginPage(ManagePage):
    """Write down that the client leaves."""

    form_class = BeginForm
    template_name = "offboarding/step.html"
    title = gettext_lazy("Off-board this client")
    submit_label = gettext_lazy("Begin")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if services.current(self.account) is not None:
            return HttpResponseRedirect(reverse("admin:leaving"))
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        return {"mandate_ends_on": self.account.mandate_ends_on}

    def perform(self, form: Any) -> OffBoarding:
        values = form.cleaned_data
        return services.begin(self.user, self.account, values["why"], values["mandate_ends_on"], values["asked_by"])

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Begun. Nothing has stopped yet: take one step after the other."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:leaving")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Settings"), reverse("admin:account_settings"))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, **{"cancel_url": reverse("admin:account_settings"), "about": "begin", **context})


class FilePage(LeavingPage):
    """Have the file for the client made."""

    form_class = FileForm
    about = "file"
    title = gettext_lazy("The file for the client")
    submit_label = gettext_lazy("Make the file")

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": services.count_to_type(self.account)}

    def perform(self, form: Any) -> Work:
        values = form.cleaned_data
        return services.ask_file(self.user, self.off_boarding, values["form"], values.get("typed_count"))

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, people=services.count_to_type(self.account), **context)

    def announce(self, outcome: Any) -> None:
        """The next page tells how far it is."""


class NoFilePage(LeavingPage):
    """Say why the client gets no file."""

    about = "no_file"
    title = gettext_lazy("No file for the client")
    submit_label = gettext_lazy("The client gets no file")

    def perform(self, form: Any) -> str:
        services.skip_file(self.user, self.off_boarding, form.cleaned_data["why"])
        return "skipped"


class DownloadPage(RecentPassword, ScopedPage):
    """The file, as a download that no browser opens by itself."""

    right = "manage"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        off_boarding = services.current(self.account)
        work = standing.ready_file(off_boarding) if off_boarding is not None else None
        if work is None:
            raise Http404
        try:
            pieces = services.read_file(self.user, work)
        except UploadError:
            raise Http404 from None
        response = StreamingHttpResponse(pieces, content_type="application/zip")
        name = f"{self.account.slug}-{work.pk}.zip"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response


class CancelPage(LeavingPage):
    """Cancel every scheduled mailing."""

    about = "cancel"
    title = gettext_lazy("Cancel the scheduled mailings")
    submit_label = gettext_lazy("Cancel them all")
    danger = True

    def perform(self, form: Any) -> list[services.Cancelled]:
        return services.cancel_mailings(self.user, self.off_boarding, form.cleaned_data["why"])

    def announce(self, outcome: Any) -> None:
        for one in outcome or []:
            if one.refusal:
                messages.error(self.request, f"{one.mailing.subject} — {one.refusal}")
        gone = sum(not one.refusal for one in outcome or [])
        text = ngettext("%(n)s mailing is being cancelled.", "%(n)s mailings are being cancelled.", gone)
        messages.success(self.request, text % {"n": gone})

    def show(self, form: Any, **context: Any) -> HttpResponse:
        rows = standing.scheduled(self.account).filter(deleted_at=None)[:200]
        return super().show(form, mailings=rows, **context)


class KeepPage(LeavingPage):
    """Let the scheduled mailings leave."""

    about = "keep"
    title = gettext_lazy("Keep the scheduled mailings")
    submit_label = gettext_lazy("Keep them")

    def perform(self, form: Any) -> str:
        services.keep_mailings(self.user, self.off_boarding, form.cleaned_data["why"])
        return "kept"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        rows = standing.scheduled(self.account).filter(deleted_at=None)[:200]
        return super().show(form, mailings=rows, **context)


class DiscardPage(LeavingPage):
    """Give up what waits in the Outbox."""

    about = "discard"
    title = gettext_lazy("Discard what waits")
    submit_label = gettext_lazy("Discard")
    danger = True

    def perform(self, form: Any) -> int:
        return services.discard_changes(self.user, self.off_boarding, form.cleaned_data["why"])

    def announce(self, outcome: Any) -> None:
        text = ngettext("%(n)s change was discarded.", "%(n)s changes were discarded.", outcome)
        messages.success(self.request, text % {"n": outcome})

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, waiting=standing.waiting(self.account), **context)


class HandOverPage(LeavingPage):
    """Leave to the client what can never be sent any more."""

    about = "hand_over"
    title = gettext_lazy("Hand what waits over to the client")
    submit_label = gettext_lazy("Hand over")

    def perform(self, form: Any) -> str:
        services.hand_over_changes(self.user, self.off_boarding, form.cleaned_data["why"])
        return "handed over"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, waiting=standing.waiting(self.account), **context)


class RevokePage(LeavingPage):
    """Retire the token without a replacement."""

    about = "revoke"
    title = gettext_lazy("Retire the token")
    submit_label = gettext_lazy("Retire it and stop everything")
    danger = True

    def perform(self, form: Any) -> str:
        services.revoke(self.user, self.off_boarding, form.cleaned_data["why"])
        return "revoked"

    def announce(self, outcome: Any) -> None:
        messages.success(
            self.request, _("Nothing is read or sent any more. Now have the token deleted at Cyberimpact.")
        )


class PurgePage(LeavingPage):
    """Destroy everything of the client; for administrators."""

    form_class = PurgeForm
    about = "purge"
    title = gettext_lazy("Purge this client")
    submit_label = gettext_lazy("Destroy everything of this client")
    danger = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None and not getattr(request.user, "is_superuser", False):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def perform(self, form: Any) -> Work:
        values = form.cleaned_data
        return services.purge(self.user, self.off_boarding, values["name"], values["why"])

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("The purge has begun. Nobody sees this client any more."))

    def done_url(self, outcome: Any) -> str:
        return address(self.request, "admin:ended_client", self.account.slug)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        current = services.current(self.account)
        obstacles = standing.before_purging(current) if current is not None else []
        return super().show(form, obstacles=obstacles, **context)


class StopPage(LeavingPage):
    """The client stays after all."""

    about = "stop"
    title = gettext_lazy("The client stays")
    submit_label = gettext_lazy("Give up the off-boarding")

    def perform(self, form: Any) -> str:
        services.stop(self.user, self.off_boarding, form.cleaned_data["why"])
        return "stopped"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Given up. If the token was retired, paste another one."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_settings")
