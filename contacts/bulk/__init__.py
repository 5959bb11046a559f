"""Bulk changes of contacts: what staff do to a selection, or to all that match the filters of the list (product.md N1).

One module for each family of kinds. A kind judges every contact of the selection, says what would be done and why, and
later records each row through `contacts/services.py`, or composes the vendor's batches and settles them.
"""
