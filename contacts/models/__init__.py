"""The mirror of contacts, custom fields and memberships, the ledger of consent, and what imports keep beside them."""

from .consent import ConsentReading, ConsentRecord, ProofFile, Relation
from .contact import Contact, CustomField, GroupMembership, email_key
from .erasure import ErasedAddress, ErasureKey
from .imports import ColumnMapping, ImportFile

__all__ = [
    "ColumnMapping",
    "ConsentReading",
    "ConsentRecord",
    "Contact",
    "CustomField",
    "ErasedAddress",
    "ErasureKey",
    "GroupMembership",
    "ImportFile",
    "ProofFile",
    "Relation",
    "email_key",
]
