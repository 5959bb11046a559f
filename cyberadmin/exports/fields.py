"""A field of forms that ask for a number of people."""

import re
from typing import Any

from django import forms


class CountField(forms.IntegerField):
    """A number as people type it: with or without something between the thousands."""

    def to_python(self, value: Any) -> int | None:
        """The number, or None for an empty field. Raises ValidationError."""
        found: int | None = super().to_python(re.sub(r"[\s,]", "", str(value or "")))
        return found
