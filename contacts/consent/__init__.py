"""Consent as the law and the vendor see it: terms, the ledger, setting and asking for it, the radar, erasure."""
