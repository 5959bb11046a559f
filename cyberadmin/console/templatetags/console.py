"""What templates of the console share: badges, buttons that post, times in the client's zone, pages of a list."""

import uuid
from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import PAGE_VAR
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cyberadmin.accounts import numbers
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.console import wording
from cyberadmin.console.colour import ink
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change, PullRun

register = template.Library()
register.filter("ink", ink)

#: How each state of a change looks; the words are the model's own.
TONES = {
    Change.State.QUEUED: ("info", "schedule"),
    Change.State.SENDING: ("info", "sync"),
    Change.State.UNKNOWN: ("info", "help"),
    Change.State.CONFLICT: ("warn", "call_split"),
    Change.State.PARKED: ("bad", "front_hand"),
    Change.State.FAILED: ("bad", "error"),
    Change.State.DONE: ("good", "check_circle"),
    Change.State.SUPERSEDED: ("quiet", "layers"),
    Change.State.CANCELLED: ("quiet", "cancel"),
}
RUN_TONES = {
    PullRun.State.QUEUED: "info",
    PullRun.State.RUNNING: "info",
    PullRun.State.COMPLETE: "good",
    PullRun.State.INCOMPLETE: "warn",
    PullRun.State.FAILED: "bad",
    PullRun.State.ABANDONED: "quiet",
}


#: A longer value is folded, and this much of it shown.
LONG, SUMMARY = 300, 80


@register.filter
def tone(change: Change) -> str:
    """The colour family of a change's state."""
    return TONES[Change.State(change.state)][0]


@register.filter
def state_icon(change: Change) -> str:
    """The icon of a change's state."""
    return TONES[Change.State(change.state)][1]


@register.filter
def run_tone(run: PullRun) -> str:
    """The colour family of a pull's state."""
    return RUN_TONES[PullRun.State(run.state)]


@register.filter
def percent(run: PullRun) -> int:
    """How far a pull is, 0 to 99 while it runs."""
    if run.state == PullRun.State.COMPLETE:
        return 100
    if not run.progress_total:
        return 0
    return min(99, run.progress_done * 100 // run.progress_total)


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None, short: bool = False) -> str:
    """A moment in the client's time zone: the time alone today, else with its date; "–" for none."""
    request = context.get("request")
    return moment_text(moment, getattr(request, "account", None), short=short)


@register.inclusion_tag("console/parts/post_button.html", takes_context=True)
def post_button(context: Context, url: str, label: str, kind: str = "", icon: str = "") -> dict[str, Any]:
    """A button that posts, with the one-time id that makes a double click one click."""
    return {
        "url": url,
        "label": label,
        "kind": kind,
        "icon": icon,
        "token": uuid.uuid4(),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def shown(value: Any) -> str | SafeString:
    """A value of a field for reading: yes and no in words, and a mark for nothing."""
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if is_long(value):
        return format_html(
            '<details class="ca-long"><summary>{} …</summary><pre>{}</pre></details>', value[:SUMMARY], value
        )
    return _("(empty)") if value in ("", None) else str(value)


@register.filter
def is_long(value: Any) -> bool:
    """Whether a value is a text of its own, such as the body of a mail, rather than a word or a sentence."""
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


@register.inclusion_tag("console/parts/pagination.html")
def console_pagination(cl: Any) -> dict[str, Any]:
    """Where a list stands: its size as far as it was counted, and the way to its neighbouring pages."""
    page, last = cl.page_num, cl.paginator.num_pages
    more = getattr(cl.paginator, "more", False)
    return {
        "cl": cl,
        "first": (page - 1) * cl.list_per_page + 1 if cl.result_count else 0,
        "last": min(page * cl.list_per_page, cl.result_count),
        "total": cl.result_count,
        "more": more,
        "previous": cl.get_query_string({PAGE_VAR: page - 1}) if page > 1 else "",
        "next": cl.get_query_string({PAGE_VAR: page + 1}) if page < last else "",
        "noun": cl.opts.verbose_name if cl.result_count == 1 else cl.model_admin.many,
    }


@register.filter
def amount(number: int | None) -> str:
    """A number with its thousands apart; a dash for none."""
    return numbers.grouped(number)


@register.filter
def field_label(change: Change, name: str) -> str:
    """What people call a field of a change."""
    return wording.field_label(change, name)


@register.simple_tag
def value_of(change: Change, name: str, value: Any) -> str:
    """A value of a field of a change, in words."""
    return shown(wording.value_label(change, name, value))


@register.filter
def relation_label(relation: str) -> str:
    """The relation that a consent rests on."""
    return str(wording.RELATIONS.get(relation, relation or "–"))


@register.filter
def count_label(name: str) -> str:
    """What a pull counted."""
    return str(wording.COUNTS.get(name, name))


@register.filter
def problem_label(problem: dict[str, Any]) -> str:
    """What a pull found odd, as far as it can be said."""
    return reasons.explain_problem(problem)


@register.simple_tag
def form_token() -> SafeString:
    """A hidden one-time id for a form written by hand."""
    return format_html('<input type="hidden" name="form_token" value="{}">', uuid.uuid4())
