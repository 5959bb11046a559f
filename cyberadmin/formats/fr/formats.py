"""Numbers in French: thousands apart by a narrow space that does not break, as in print."""

THOUSAND_SEPARATOR = "\u202f"
