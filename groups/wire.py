"""What the vendor says about a group, in our words and cut to our columns, wherever it is read."""

from cyberadmin.api import types
from cyberadmin.sync.resource import Seen

from .models import Group

TITLE_WIDTH: int = Group._meta.get_field("title").max_length or 0
#: What an integer column of PostgreSQL holds.
_MOST = 2**31 - 1


def seen_group(group: types.Group) -> Seen:
    """A group of the vendor as values and extras."""
    return Seen(
        {"title": group.title.replace("\x00", "")[:TITLE_WIDTH], "is_public": group.is_public},
        group.id,
        {
            "is_dynamic": group.is_dynamic,
            "members_count": min(group.members_count, _MOST),
            "mailings_count": min(group.mailings_count, _MOST),
            "created_on": group.created_at,
        },
    )
