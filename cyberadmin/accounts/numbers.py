"""Numbers as people read them."""

from django.utils.formats import number_format


def grouped(number: int | None) -> str:
    """A number with its thousands apart, in the language that is active; a dash for none."""
    return "–" if number is None else str(number_format(number, 0, use_l10n=True, force_grouping=True))
