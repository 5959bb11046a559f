"""Lists of mirrored rows that stay fast with a million of them.

No count beyond what a page can say, no query per row: what the badges of a whole page need is read at once.
"""

from typing import Any, ClassVar

from django.contrib.admin import display
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from cyberadmin.accounts.scoping import ScopedAdmin, account_of

from . import services
from .models import Change

#: A list counts this far; beyond it says "10 000+" (stack.md 2, finding 3).
COUNT_LIMIT = 10_000

TONES = {
    "queued": "info",
    "sending": "info",
    "unknown": "info",
    "conflict": "warn",
    "parked": "bad",
    "failed": "bad",
    "done": "good",
}


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to COUNT_LIMIT + 1 and no further; pages beyond are reached by searching."""

    @cached_property
    def counted(self) -> int:
        """The rows counted, at most one beyond the limit."""
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNT_LIMIT + 1].count())

    @cached_property
    def count(self) -> int:
        """The rows that pages exist for."""
        return min(self.counted, COUNT_LIMIT)

    @property
    def more(self) -> bool:
        """Whether there are rows beyond the last page."""
        return self.counted > COUNT_LIMIT


class MirrorChangeList(ChangeList):  # type: ignore[misc]
    """A list whose rows carry their latest change, read for the whole page at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        listed: list[Any] = list(self.result_list)
        self.result_list = listed
        account = account_of(request)
        kind = self.model_admin.kind
        latest = services.latest_changes(account, kind, [row.pk for row in listed]) if account else {}
        for row in listed:
            row.latest_change = latest.get(row.pk)


class MirrorAdmin(ScopedAdmin):
    """An admin of a mirrored model: tombstones hidden, badges for the page, nothing written but through services."""

    kind: ClassVar[str] = ""
    paginator = BoundedPaginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[MirrorChangeList]:
        return MirrorChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(gone_at=None)

    @display(description=_("Change"))
    def push_state(self, obj: Any) -> str:
        """Where the row's last change is; nothing once all is quiet."""
        return change_badge(getattr(obj, "latest_change", None))


def change_badge(change: Change | None) -> str:
    """The badge of a change on a row, with the way to it."""
    if change is None or change.state in (Change.State.SUPERSEDED, Change.State.CANCELLED):
        return ""
    return format_html(
        '<a class="ca-badge {}" data-change="{}"{} href="{}">{}</a>',
        TONES.get(change.state, "quiet"),
        change.pk,
        mark_safe(' data-open="1"') if change.is_open else "",
        reverse("admin:sync_change_detail", args=[change.pk]),
        change.get_state_display(),
    )
