"""Batches: asynchronous bulk jobs (api/README.md 4.9)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import fields
from cyberadmin.api.types.fields import UNSET, Unset
from cyberadmin.api.types.members import MemberWrite, custom_to_json

EMPTY_MARK = "__EMPTY__"

# One client also saw DONE; anything else means "not finished" (api/README.md 5).
_FINISHED = ("completed", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMember(MemberWrite):
    """One row of an AddMembers batch: UNSET keeps the stored value, None or "" clears it.

    Date and proof of the consent win over the batch's defaults.
    """

    consent_date: date | Unset = UNSET
    consent_proof: str | Unset = UNSET

    def to_json(self) -> dict[str, Any]:
        """The row; here an empty value would mean "keep", so clearing is spelled `__EMPTY__`."""
        if not self.email:
            raise ValueError("a row of a batch needs an e-mail address")
        body = {wire: EMPTY_MARK if value in (None, "") else value for wire, value in self._set_values().items()}
        if self.custom_values is not UNSET:
            body["customFields"] = {
                str(key): EMPTY_MARK if value in (None, "") else custom_to_json(value)
                for key, value in self.custom_values.items()
            }
        if self.consent_date is not UNSET:
            body["consentDate"] = self.consent_date.isoformat()
        if self.consent_proof is not UNSET:
            body["consentProof"] = self.consent_proof
        return body


class BatchWrite(ABC):
    """A batch to submit: `AddMembers`, `UnsubscribeMembers` or `DeleteMembers`."""

    __slots__ = ()

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The body of POST /batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMembers(BatchWrite):
    """Insert or update by e-mail. All rows join `groups` and keep their other groups."""

    members: Sequence[BatchMember]
    relation_type: str
    groups: Sequence[int] = ()
    default_consent_date: date | Unset = UNSET
    default_consent_proof: str | Unset = UNSET

    def to_json(self) -> dict[str, Any]:
        """The body of POST /batches."""
        body: dict[str, Any] = {"batchType": "addMembers", "relationType": self.relation_type}
        if self.default_consent_date is not UNSET:
            body["defaultConsentDate"] = self.default_consent_date.isoformat()
        if self.default_consent_proof is not UNSET:
            body["defaultConsentProof"] = self.default_consent_proof
        if self.groups:
            body["groups"] = list(self.groups)
        body["members"] = [member.to_json() for member in self.members]
        return body


@dataclass(frozen=True, slots=True)
class UnsubscribeMembers(BatchWrite):
    """Unsubscribe by id or e-mail address, mixed freely. A string of digits is an id."""

    ids: Sequence[int | str]

    def to_json(self) -> dict[str, Any]:
        """The body of POST /batches."""
        return {"batchType": "unsubscribe", "ids": list(self.ids)}


@dataclass(frozen=True, slots=True)
class DeleteMembers(BatchWrite):
    """Delete by id or e-mail address, mixed freely. A string of digits is an id."""

    ids: Sequence[int | str]

    def to_json(self) -> dict[str, Any]:
        """The body of POST /batches."""
        return {"batchType": "deleteMembers", "ids": list(self.ids)}


@dataclass(frozen=True, slots=True)
class BatchError:
    """An entry that failed: as submitted (id or e-mail; None when the vendor names nobody), with the vendor's words."""

    id: int | str | None
    description: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        # Documented is `id`; what `addMembers` answers is not known (api/README.md 6, row 11).
        named = row.get("id", row.get("email"))
        return cls(None if named is None else fields.id_or_email(named, "id"), fields.text(row, "description"))


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Entries that worked and entries that did not; in an order that means nothing."""

    successes: tuple[int | str, ...]
    errors: tuple[BatchError, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the result. An absent list is an empty one: the contract requires neither."""
        if value == []:
            return cls((), ())
        row = fields.obj(value, "result")
        successes = fields.array(row.get("successes", []), "successes")
        errors = fields.array(row.get("errors", []), "errors")
        return cls(
            tuple(fields.id_or_email(entry, "successes") for entry in successes),
            tuple(BatchError.from_json(fields.obj(entry, "errors")) for entry in errors),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A submitted batch; `result` is None until it has been processed."""

    id: int
    batch_type: str
    created_at: datetime
    status: str
    result: BatchResult | None

    @property
    def is_finished(self) -> bool:
        """Whether the vendor is done with it (it may hold successes and errors together)."""
        return self.status.casefold() in _FINISHED

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        result = fields.present(row, "result")
        batch = cls(
            id=fields.integer(row, "id"),
            batch_type=fields.filled_text(row, "batchType"),
            created_at=fields.instant(row, "createdOn"),
            status=fields.filled_text(row, "status"),
            result=None if result is None else BatchResult.from_json(result),
        )
        if batch.is_finished and batch.result is None:
            raise SchemaError("result", "null although the batch is finished")
        return batch
