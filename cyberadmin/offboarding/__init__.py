"""A client leaves: their file, their schedules and waiting changes, their token, the purge, and the certificate (product.md W20)."""
