"""The mirror of contacts, custom fields and memberships, and what imports keep beside them."""

from .contact import Contact, CustomField, GroupMembership, email_key
from .imports import ColumnMapping, ImportFile

__all__ = ["ColumnMapping", "Contact", "CustomField", "GroupMembership", "ImportFile", "email_key"]
