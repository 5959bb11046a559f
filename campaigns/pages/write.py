"""Writing a campaign: a new one, its languages side by side, its name, its end."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import services
from campaigns.forms import (
    BODIES,
    CampaignAddForm,
    CampaignForm,
    ConfirmForm,
    WriteForm,
    group_pks,
    shown_values,
    write_initial,
)
from campaigns.models import Campaign, Edition
from campaigns.models.writing import Language
from cyberadmin.sync.pages import KEEP, FormPage, label_of
from cyberadmin.sync.record import StaleEdit
from groups.models import Group
from templates import merge_fields, plain_text, preview
from templates.models import EmailTemplate

from .common import CampaignFormPage, campaign_url, campaigns_url, chosen_edition, editions_of


class CampaignAddPage(FormPage):
    """A new campaign."""

    form_class = CampaignAddForm
    title = gettext_lazy("New campaign")
    submit_label = gettext_lazy("Create and write")
    template_name = "campaigns/add.html"

    def initial(self) -> dict[str, Any]:
        return {"languages": [{"fr": "fr_ca", "en": "en_ca"}.get(self.account.language, "fr_ca")]}

    def perform(self, form: Any) -> Campaign:
        values = form.cleaned_data
        return services.create_campaign(self.user, self.account, values["name"], values["languages"], self.groups())

    def groups(self) -> list[Group]:
        """The groups of this client that the address names, such as those just made from the consent radar."""
        named = [int(value) for value in self.request.GET.getlist("groups") if value.isdecimal() and len(value) < 18]
        there = Group.objects.filter(account=self.account, gone_at=None, deleted_at=None, pk__in=named)
        return list(there.order_by("title_key"))

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, groups=self.groups(), **context)

    def done_url(self, outcome: Any) -> str:
        return campaign_url(outcome, "write")

    def repeat_url(self) -> str:
        return campaigns_url()

    def announce(self, outcome: Any) -> None:
        """The page that follows says it all."""


class BodyPage(preview.PreviewPage):
    """The HTML of one language, for a frame."""

    def html(self) -> str:
        return chosen_edition(self.obj, self.request.GET.get("language")).body_html


class WritePage(CampaignFormPage):
    """Every language of a campaign: subject, sender, body, text version and groups."""

    form_class = WriteForm
    title = gettext_lazy("Write")
    submit_label = gettext_lazy("Save")
    template_name = "campaigns/write.html"

    @property
    def editions(self) -> list[Edition]:
        """The languages, read once."""
        if not hasattr(self, "_editions"):
            self._editions = editions_of(self.obj)
        return self._editions

    def initial(self) -> dict[str, Any]:
        return write_initial(self.editions)

    def form_kwargs(self) -> dict[str, Any]:
        return {"account": self.account, "editions": self.editions}

    def make_form(self, data: Any = None) -> Any:
        """The form; where a colleague's groups were chosen over the own ones, with those that the edition has now."""
        for edition in self.editions:
            name = f"{edition.language}:groups"
            if data is not None and data.get(f"{KEEP}{name}") == "now":
                data.setlist(name, [str(pk) for pk in group_pks(edition)])
        return super().make_form(data)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for verb, fill in (("make_text", self._text), ("use_template", self._template)):
            language = request.POST.get(verb)
            if language in {edition.language for edition in self.editions}:
                data = request.POST.copy()
                said = fill(data, language)
                return self.show(self.make_form(data), said=said)
        return super().post(request, *args, **kwargs)

    def _text(self, data: Any, language: str) -> str:
        html = data.get(f"{language}:body_html", "")[: services.MOST_BODY]
        data[f"{language}:body_text"] = plain_text.from_html(html)
        return _("The text version was made from the HTML version. Read it through; nothing is saved yet.")

    def _template(self, data: Any, language: str) -> str:
        wanted = data.get(f"{language}:template", "")
        rows = EmailTemplate.objects.filter(account=self.account, gone_at=None, deleted_at=None)
        template = rows.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
        if template is None:
            return _("Choose a template first.")
        for name in BODIES:
            data[f"{language}:{name}"] = getattr(template, name)
        return _("The template's body was put in. Nothing is saved yet.")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        missing = [
            (value, label) for value, label in Language.choices if value not in {one.language for one in self.editions}
        ]
        return super().show(form, offer=merge_fields.offer(self.account), missing_languages=missing, **context)

    def perform(self, form: Any) -> Any:
        for edition in self.editions:
            values = form.changed_values(edition)
            if values:
                self._save(form, edition, values)
        return True

    def _save(self, form: Any, edition: Edition, values: dict[str, Any]) -> None:
        """One language; what is refused or stale is named by the fields of the page."""
        prefix = edition.language
        try:
            services.edit_edition(
                self.user, edition, values, form.cleaned_data[f"{prefix}:version"], shown=_shown(form, edition)
            )
        except StaleEdit as stale:
            theirs = {f"{prefix}:{name}": value for name, value in stale.theirs.items()}
            raise StaleEdit(theirs, stale.by, stale.at) from None
        except ValidationError as refused:
            if not hasattr(refused, "error_dict"):
                raise
            raise ValidationError({f"{prefix}:{name}": found for name, found in refused.error_dict.items()}) from None

    def show_stale(self, form: Any, stale: StaleEdit) -> HttpResponse:
        """Both values of each field; the form that follows is about the editions as they are now."""
        data = form.data.copy()
        for edition in editions_of(self.obj):
            data[f"{edition.language}:version"] = str(edition.version)
        rows = [{"name": name, "label": self._label(form, name), **values} for name, values in stale.theirs.items()]
        hidden = [(name, value) for name, values in data.lists() for value in values if name != "csrfmiddlewaretoken"]
        context = {"rows": rows, "hidden": hidden, "by": stale.by, "at": stale.at}
        return self.render(status=409, template="console/stale.html", **context)

    def _label(self, form: Any, name: str) -> str:
        language = dict(Language.choices).get(name.partition(":")[0], "")
        return f"{label_of(form, name)} ({language})"


def _shown(form: Any, edition: Edition) -> dict[str, Any]:
    """The values that the page showed, as far as they are known: a body only while it is still the same."""
    shown, now = form.shown(edition), shown_values(edition)
    kept: dict[str, Any] = {name: value for name, value in shown.items() if name not in BODIES}
    for name in BODIES:
        kept[name] = getattr(edition, name) if shown.get(name) == now[name] else _("(not kept)")
    return kept


class RenamePage(CampaignFormPage):
    """Another name."""

    form_class = CampaignForm
    title = gettext_lazy("Rename")
    submit_label = gettext_lazy("Rename")

    def initial(self) -> dict[str, Any]:
        return {"name": self.obj.name}

    def perform(self, form: Any) -> Any:
        services.rename_campaign(self.user, self.obj, form.cleaned_data["name"])
        return True


class CopyPage(CampaignFormPage):
    """The same texts and groups in a new campaign."""

    form_class = CampaignForm
    title = gettext_lazy("Copy")
    submit_label = gettext_lazy("Copy the campaign")
    template_name = "campaigns/copy.html"

    def initial(self) -> dict[str, Any]:
        return {"name": _("%(name)s (copy)") % {"name": self.obj.name[:180]}}

    def perform(self, form: Any) -> Campaign:
        return services.copy_campaign(self.user, self.obj, form.cleaned_data["name"])

    def done_url(self, outcome: Any) -> str:
        return campaign_url(outcome) if outcome is not None else campaigns_url()


class LanguagePage(CampaignFormPage):
    """One language more, or one less."""

    form_class = ConfirmForm
    title = gettext_lazy("Languages")
    template_name = "campaigns/languages.html"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        editions = editions_of(self.obj)
        known = {one.language for one in editions}
        missing = [(value, label) for value, label in Language.choices if value not in known]
        return super().show(form, editions=editions, missing=missing, **context)

    def perform(self, form: Any) -> Any:
        if wanted := self.request.POST.get("add"):
            services.add_language(self.user, self.obj, wanted)
        elif wanted := self.request.POST.get("remove"):
            services.remove_language(self.user, chosen_edition(self.obj, wanted))
        return True

    def done_url(self, outcome: Any) -> str:
        return campaign_url(self.obj, "write")


class DeletePage(CampaignFormPage):
    """A campaign of which nothing was ever sent goes."""

    form_class = ConfirmForm
    title = gettext_lazy("Delete the campaign")
    submit_label = gettext_lazy("Delete the campaign")
    success_text = gettext_lazy("The campaign was deleted.")
    danger = True
    template_name = "campaigns/delete.html"

    def perform(self, form: Any) -> Any:
        services.delete_campaign(self.user, self.obj)
        return True

    def done_url(self, outcome: Any) -> str:
        return campaigns_url()
