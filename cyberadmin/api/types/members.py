"""Members: what lists and details answer, what a write may carry, their consent and mailings.

Words of api/README.md 4.1 to 4.4; Python names. Enumerations (gender, language, consent and
relation types) stay plain strings, so that a value added by the vendor passes through unchanged.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from cyberadmin.api.types import fields
from cyberadmin.api.types.fields import UNSET, CustomValue, Unset

CustomWrite = str | int | float | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFields:
    """What every kind of member carries. Texts are "" when empty."""

    first_name: str
    last_name: str
    company: str
    email: str
    gender: str
    language: str
    joined_at: datetime
    updated_at: datetime | None
    consent_type: str
    postal_code: str
    country: str
    note: str
    birth_date: date | None
    custom_values: dict[int, CustomValue] = field(hash=False)


def contact_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `ContactFields` read from one object; SchemaError when a field does not fit."""
    return {
        "first_name": fields.text(row, "firstname"),
        "last_name": fields.text(row, "lastname"),
        "company": fields.text(row, "company"),
        "email": fields.filled_text(row, "email"),
        "gender": fields.text(row, "gender"),
        "language": fields.text(row, "language"),
        "joined_at": fields.instant(row, "joinedOn"),
        "updated_at": fields.optional_instant(row, "updatedOn"),
        "consent_type": fields.text(row, "consentType"),
        "postal_code": fields.text(row, "postalCode"),
        "country": fields.text(row, "country"),
        "note": fields.text(row, "note"),
        "birth_date": fields.optional_day(row, "birthdate"),
        "custom_values": fields.custom_values(row, "customFields"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(ContactFields):
    """A subscribed contact."""

    id: int
    mailings_received: int
    mailings_opened: int
    mailings_clicked: int

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            id=fields.integer(row, "id"),
            mailings_received=fields.integer(row, "mailingsReceived"),
            mailings_opened=fields.integer(row, "mailingsOpened"),
            mailings_clicked=fields.integer(row, "mailingsClicked"),
            **contact_fields(row),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedMember(ContactFields):
    """A contact whose last mailing came back as a hard bounce. Has no id (api/README.md 4.2)."""

    hard_bounced_at: datetime | None

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(hard_bounced_at=fields.optional_instant(row, "hardBouncedOn"), **contact_fields(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribedMember(ContactFields):
    """A contact who said no more mail. Has no id (api/README.md 4.2)."""

    unsubscribed_at: datetime

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(unsubscribed_at=fields.instant(row, "unsubscribedOn"), **contact_fields(row))


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Answer to an unsubscription; `is_new` is False when the contact had left already."""

    member: UnsubscribedMember
    is_new: bool

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(UnsubscribedMember.from_json(row), fields.boolean(row, "isNewUnsubscription"))


_WRITE_NAMES = (
    ("email", "email"),
    ("first_name", "firstname"),
    ("last_name", "lastname"),
    ("company", "company"),
    ("gender", "gender"),
    ("language", "language"),
    ("birth_date", "birthdate"),
    ("postal_code", "postalCode"),
    ("country", "country"),
    ("note", "note"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberWrite:
    """The fields a write changes. UNSET leaves one alone, None or "" clears it.

    In a replacement (PUT) the vendor resets what is left out (api/README.md 4.1). `custom_values`
    names only the custom fields to change.
    """

    email: str | Unset = UNSET
    first_name: str | None | Unset = UNSET
    last_name: str | None | Unset = UNSET
    company: str | None | Unset = UNSET
    gender: str | None | Unset = UNSET
    language: str | None | Unset = UNSET
    birth_date: date | None | Unset = UNSET
    postal_code: str | None | Unset = UNSET
    country: str | None | Unset = UNSET
    note: str | None | Unset = UNSET
    custom_values: Mapping[int, CustomWrite] | Unset = field(default=UNSET, hash=False)

    def to_json(self) -> dict[str, Any]:
        """The body of POST, PUT or PATCH: a cleared text is "", a cleared day or custom value null."""
        body = self._set_values()
        for wire, value in body.items():
            if value is None:
                body[wire] = None if wire == "birthdate" else ""
        if self.custom_values is not UNSET:
            body["customFields"] = {str(key): custom_to_json(value) for key, value in self.custom_values.items()}
        return body

    def _set_values(self) -> dict[str, Any]:
        """Plain fields that are set, under the vendor's names; cleared ones as given (None or "")."""
        body: dict[str, Any] = {}
        for name, wire in _WRITE_NAMES:
            value = getattr(self, name)
            if value is not UNSET:
                body[wire] = value.isoformat() if isinstance(value, date) else value
        return body


def custom_to_json(value: CustomWrite) -> CustomValue:
    """A custom value as JSON. ValueError for a number JSON cannot carry, which would go out as null."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a custom value must be a finite number")
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The vendor's record of a contact's consent. Open-ended when `consent_expiration` is None."""

    consent_type: str
    relation_type: str | None
    consent_date: date | None
    consent_expiration: date | None
    consent_proof: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            consent_type=fields.text(row, "consentType"),
            relation_type=fields.text(row, "relationType") or None,
            consent_date=fields.optional_day(row, "consentDate"),
            consent_expiration=fields.optional_day(row, "consentExpiration"),
            consent_proof=fields.text(row, "consentProof"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWrite:
    """A consent to set; type and expiration are derived by the vendor (api/README.md 4.4)."""

    relation_type: str
    consent_date: date | None | Unset = UNSET
    consent_proof: str | None | Unset = UNSET

    def to_json(self) -> dict[str, Any]:
        """The body of PUT /members/{key}/consent."""
        body: dict[str, Any] = {"relationType": self.relation_type}
        if self.consent_date is not UNSET:
            body["consentDate"] = self.consent_date.isoformat() if self.consent_date else None
        if self.consent_proof is not UNSET:
            body["consentProof"] = self.consent_proof
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMailing:
    """A mailing as one member received it."""

    id: int
    subject: str
    language: str
    started_at: datetime | None
    sent_at: datetime | None
    opened: bool
    opened_at: datetime | None

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            id=fields.integer(row, "id"),
            subject=fields.text(row, "subject"),
            language=fields.text(row, "language"),
            started_at=fields.optional_instant(row, "startedOn"),
            sent_at=fields.optional_instant(row, "sentOn"),
            opened=fields.boolean(row, "opened"),
            opened_at=fields.optional_instant(row, "openedOn"),
        )
