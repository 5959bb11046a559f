"""Many at once: plan, approve, apply, take back (docs/engine.md, Many at once).

A `ChangeSet` is planned by its `BulkKind` into `PlannedRow`s, approved, and applied exactly as planned: rows travel in
the vendor's batches where one exists that claims nothing, else as ordinary changes that the pump sends.
"""
