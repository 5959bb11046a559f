"""Contacts, their custom fields, consent and group memberships."""
