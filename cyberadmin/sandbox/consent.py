"""Consent: type and expiration follow from the relation and the date (api/README.md 4.4 and 6, rows 25 to 27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle, add_months, day_start, parse_day
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.members import found, touched
from cyberadmin.sandbox.people import Member, save
from cyberadmin.sandbox.settings import RELATIONS_EXPRESS, RELATIONS_IMPLIED, Settings
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply, invalid

RELATIONS = (*RELATIONS_EXPRESS, *RELATIONS_IMPLIED)


@dataclass(frozen=True, slots=True)
class Terms:
    """A consent as it would be stored."""

    relation: str
    day: date | None
    proof: str

    @property
    def type(self) -> str:
        return "express" if self.relation in RELATIONS_EXPRESS else "implied"

    def expiration(self, settings: Settings) -> int | None:
        months = settings.months(self.relation)
        return None if months is None or self.day is None else day_start(add_months(self.day, months))

    def write_to(self, member: Member, settings: Settings) -> None:
        member.consent_type = self.type
        member.relation_type = self.relation
        member.consent_date = None if self.day is None else day_start(self.day)
        member.consent_expiration = self.expiration(settings)
        member.consent_proof = self.proof


def improves(terms: Terms, member: Member, settings: Settings) -> bool:
    """Is the new consent better or longer? In imports the better one is kept (api/README.md 4.4)."""
    if member.consent_type == "express":
        return False
    if terms.type == "express" or member.relation_type is None:
        return True
    # An implied consent without a known end promises nothing; a dated one is better.
    new = terms.expiration(settings)
    return new is not None and (member.consent_expiration is None or new >= member.consent_expiration)


def consent_item(member: Member, dates: DateStyle) -> Json:
    return {
        "consentType": member.consent_type,
        "relationType": member.relation_type,
        "consentDate": dates.show(member.consent_date),
        "consentExpiration": dates.show(member.consent_expiration),
        "consentProof": member.consent_proof,
    }


def get_consent(call: Call) -> Reply:
    return Reply(200, consent_item(found(call), call.dates))


def put_consent(call: Call) -> Reply:
    """422 when the consent cannot be overridden (the only refusal the vendor documents), or silence if so set."""
    terms = _read(call)
    member = found(call)
    rule = call.settings.text("consent_override")
    lowers = member.consent_type == "express" and terms.type == "implied"
    if rule == "keep_any" or (rule == "keep_express" and lowers):
        raise ApiProblem(422, "This consent cannot be overridden.")
    if rule == "keep_silently" and lowers:
        return Reply(200, consent_item(member, call.dates))
    terms.write_to(member, call.settings)
    member.updated_on = call.now
    save(call.conn, member)
    touched(call, shape=False)
    call.record(Effect("consent", (member.id,), member.email, member.state_name, member.state_name))
    return Reply(200, consent_item(member, call.dates))


def _read(call: Call) -> Terms:
    body = call.body()
    relation, day, proof = body.get("relationType"), body.get("consentDate"), body.get("consentProof")
    if relation not in RELATIONS or not isinstance(day, str | None) or not isinstance(proof, str | None):
        raise call.schema_mismatch()
    parsed = parse_day(day) if day is not None else None
    if day is not None and parsed is None:
        raise invalid("consentDate", "must be a date, yyyy-mm-dd")
    return Terms(str(relation), parsed, proof or "")
