"""What an approval is bound to: a digest of everything that people will receive, who sends it, to whom and when (N10)."""

import hashlib
from datetime import UTC, datetime

import orjson

from .models import Edition, Mailing


def of_edition(edition: Edition) -> str:
    """The digest of an edition as it is written now; its groups are told by their numbers at the vendor."""
    return _digest(edition, remote_groups(edition))


def of_mailing(mailing: Mailing) -> str:
    """The digest of a mailing; equal to that of the edition it was made from."""
    return _digest(mailing, list(mailing.group_ids))


def remote_groups(edition: Edition) -> list[int]:
    """Numbers at the vendor of the edition's groups, ascending; a group that is not there yet has none."""
    rows = edition.groups.filter(group__remote_id__isnull=False, group__gone_at=None)
    return sorted(id for id in rows.values_list("group__remote_id", flat=True) if id is not None)


def _digest(row: Edition | Mailing, groups: list[int]) -> str:
    content = [
        row.language,
        row.subject,
        row.from_name,
        row.mail_from,
        row.reply_to,
        row.body_html,
        row.body_text,
        _utc(row.send_at),
        groups,
    ]
    return hashlib.blake2b(orjson.dumps(content), digest_size=16).hexdigest()


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
