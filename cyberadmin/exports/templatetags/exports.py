"""The button that exports what a screen shows. Loaded before the site is there, so it knows no model and no page."""

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse

from cyberadmin.exports.addresses import ask_url, narrowing

register = template.Library()
_LISTS = {"contacts.contact": "contacts", "groups.group": "groups", "campaigns.mailing": "mailings"}


@register.inclusion_tag("exports/button.html", takes_context=True)
def export_button(context: Context, source: str = "", **of_row: Any) -> dict[str, Any]:
    """The button for a list named in `sources`, or for the admin's list in the context; nothing for who may not export."""
    shell = context.get("shell")
    if not source and "cl" in context:
        source = _LISTS.get(context["cl"].opts.label_lower, "")
    if not source or shell is None or shell.account is None or not shell.rights.edit:
        return {"url": ""}
    return {"url": ask_url(source, context["request"].GET, **of_row)}


@register.inclusion_tag("exports/button.html", takes_context=True)
def export_clients_button(context: Context) -> dict[str, Any]:
    """The button for the history over several clients, as the address of the screen narrows it."""
    query = narrowing(context["request"].GET)
    return {"url": f"{reverse('admin:exports_exportjob_clients_add')}{'?' + query if query else ''}"}
