"""Whether anything may be written to the vendor at all; `restored.py` says when not, and why."""

from datetime import timedelta

from .models import Installation

#: What was to be sent meanwhile is tried again after so long; each try costs one look at the row.
ASK_AGAIN = timedelta(minutes=1)


def holds() -> bool:
    """Whether nothing may be written to the vendor now, because the database is a restored backup."""
    return Installation.objects.filter(restored_at__isnull=False).exists()
