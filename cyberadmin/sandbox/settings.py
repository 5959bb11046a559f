"""What nobody knows about the vendor, as switches: the first choice is the assumption of api/README.md 6.

Every setting belongs to the store, is read and changed at ``/_control/settings`` and survives a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RELATIONS_EXPRESS = ("express-consent", "contest-participants", "purchased-list")
RELATIONS_IMPLIED = (
    "active-clients",
    "information-request",
    "business-card",
    "web-contacts",
    "mixed-list",
    "inactive-clients",
    "association-members",
    "employees",
    "partners",
)
CONSENT_MONTHS: dict[str, int | None] = {
    **dict.fromkeys(RELATIONS_EXPRESS),
    **dict.fromkeys(RELATIONS_IMPLIED, 24),
    "information-request": 6,
}
MOVES = ("groups", "bounce", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Setting:
    """``choices`` lists the allowed values, default first; without it any value of the default's type is allowed."""

    row: str
    choices: tuple[object, ...]
    closed: bool = True

    @property
    def default(self) -> object:
        return self.choices[0]

    def accepts(self, value: object) -> bool:
        default = self.default
        if self.closed:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        if isinstance(default, dict):
            return isinstance(value, dict) and all(
                name in default and (one is None or _is_amount(one)) for name, one in value.items()
            )
        if isinstance(default, list):
            return isinstance(value, list) and all(one in MOVES for one in value)
        return _is_amount(value)


def _is_amount(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _one_of(row: str, *choices: object) -> Setting:
    return Setting(row, choices)


def _amount(row: str, default: float) -> Setting:
    return Setting(row, (default,), closed=False)


TABLE: dict[str, Setting] = {
    "error_body": _one_of("1", "json", "empty", "html"),
    "schema_error_status": _one_of("2", 422, 400),
    "malformed_json_status": _one_of("2", 422, 400),
    "content_type_status": _one_of("2", 422, 400, 415),
    "bad_token_status": _one_of("3", 401, 403),
    "throttle_status": _one_of("4", 429, 503, 403),
    "throttle_members_limit": _amount("4", 0),
    "throttle_optins_limit": _amount("4", 0),
    "throttle_window_seconds": _amount("4", 60),
    "throttle_applied": _one_of("4", False, True),
    "retry_after": _one_of("4", "seconds", "date", "garbage", "absent", "86400"),
    "invalid_parameter": _one_of("5", "422", "400", "default"),
    "page_past_end": _one_of("6", "empty", "404", "last"),
    "default_order": _one_of("7", "id_asc", "id_desc", "email_asc"),
    "email_case": _one_of("8", "insensitive", "sensitive"),
    "email_storage": _one_of("8", "as_given", "lower"),
    "existing_member_status": _one_of("9", 409, 422, 400),
    "unsubscribed_create": _one_of("9", "refuse", "accept"),
    "bounced_create": _one_of("9", "refuse", "accept"),
    "deleted_create": _one_of("9", "accept", "refuse"),
    "add_members_unsubscribed": _one_of("10", "error", "revive", "skip"),
    "add_members_bounced": _one_of("10", "error", "revive", "skip"),
    "batch_successes": _one_of("11", "email", "id"),
    "batch_error_shape": _one_of("11", "id", "email", "none"),
    "batch_error_details": _one_of("12", "list", "absent"),
    "batch_cap": _amount("13", 0),
    "batch_cap_status": _one_of("13", 422, 413, 400),
    "request_size_limit": _amount("13", 0),
    "batch_start_seconds": _amount("14", 1),
    "batch_run_seconds": _amount("14", 1),
    "batch_end_state": _one_of("14", "COMPLETED", "DONE", "FAILED", "completed"),
    "batch_result_order": _one_of("14", "reverse", "submitted"),
    "batch_retention_seconds": _amount("14", 0),
    "batch_bad_row": _one_of("28", "row", "whole"),
    "batch_partial": _one_of("28", "none", "first_fails", "all_but_first_fail"),
    "batch_unknown_email": _one_of("15", "error", "success"),
    "unsubscribe_unknown": _one_of("16", "404", "422", "create"),
    "departed_member_get": _one_of("17", "404", "200"),
    "departed_member_delete": _one_of("17", "404", "200"),
    "put_without_email": _one_of("18", "refuse", "keep"),
    "email_in_use_status": _one_of("19", 409, 422),
    "email_change_consent": _one_of("4.1", "reset", "keep"),
    "unknown_group": _one_of("20", "refuse", "ignore"),
    "dynamic_group_status": _one_of("21", 422, 409, 403),
    "delete_dynamic_group": _one_of("22", "allow", "refuse"),
    "delete_group_in_use": _one_of("23", "422", "409", "allow"),
    "default_is_public": _one_of("24", False, True),
    "duplicate_titles": _one_of("24", "allow", "refuse"),
    "consent_months": Setting("25", (CONSENT_MONTHS,), closed=False),
    "consent_override": _one_of("26", "keep_express", "any", "keep_any", "keep_silently"),
    "created_relation": _one_of("27", None, "web-contacts"),
    "optin_relation": _one_of("4.3", "express-consent", None),
    "custom_value_errors": _one_of("28", "refuse", "ignore"),
    "send_at_zone": _one_of("29", "eastern", "account"),
    "send_at_gap": _one_of("29", "refuse", "shift"),
    "send_at_fold": _one_of("29", "first", "second"),
    "send_at_seconds": _one_of("engine.md 6", "kept", "dropped"),
    "send_at_past": _one_of("30", "refuse", "send_now"),
    "unvalidated_sender": _one_of("30", "refuse", "accept"),
    "sender_defaults": _one_of("31", "account", "empty", "refuse"),
    "status_sending": _one_of("32", "sending", "scheduled", "sent"),
    "status_stopped": _one_of("32", "stopped", "sent"),
    "status_archived": _one_of("32", "sent", "archived"),
    "list_sending": _one_of("32", "sent", "scheduled", "none"),
    "click_rate_of": _one_of("33", "delivered", "views"),
    "delete_started_status": _one_of("34", 422, 409, 403, 404),
    "deleted_mailing_sent": _one_of("engine.md 6", False, True),
    "anonymized_recipients": _one_of("35", "empty", "422", "shown"),
    "mailing_body": _one_of("engine.md 6", "given", "empty", "absent"),
    "mailing_groups": _one_of("engine.md 6", "given", "empty", "absent"),
    "mailing_send_at": _one_of("engine.md 6", "given", "null", "absent"),
    "html_comments": _one_of("engine.md 6", "kept", "stripped"),
    "mailing_start_seconds": _amount("engine.md 3", 0),
    "mailing_run_seconds": _amount("7", 30),
    "mailing_outcomes": _one_of("7", "plausible", "none"),
    "token_algorithm": _one_of("36", "jwt", "opaque"),
    "updated_on_moves_on": Setting("engine.md 6", ([],), closed=False),
    "stale_read_seconds": _amount("engine.md 6", 0),
    "stale_read_scope": _one_of("engine.md 6", "all", "lists"),
    "date_digits": _one_of("5", 3, 6, 0),
    "empty_custom_fields": _one_of("3", "object", "list"),
}


class Settings:
    """Current values: the defaults of ``TABLE`` with what was changed on top. Replaced whole, never mutated."""

    def __init__(self, changed: Mapping[str, object] | None = None) -> None:
        self.changed = dict(changed or {})

    def value(self, name: str) -> object:
        return self.changed[name] if name in self.changed else TABLE[name].default

    def text(self, name: str) -> str:
        return str(self.value(name))

    def status(self, name: str) -> int:
        return int(self.text(name))

    def amount(self, name: str) -> float:
        return float(self.text(name))

    def flag(self, name: str) -> bool:
        return bool(self.value(name))

    def moves(self, name: str) -> bool:
        """Does ``updatedOn`` move on this kind of change (one of ``MOVES``)?"""
        listed = self.value("updated_on_moves_on")
        return isinstance(listed, list) and name in listed

    def months(self, relation: str) -> int | None:
        table = self.value("consent_months")
        months = table.get(relation) if isinstance(table, dict) else None
        return int(months) if months is not None else None

    def with_changes(self, changes: Mapping[str, object]) -> Settings:
        """New settings; ``consent_months`` is merged key by key. Raises ValueError on an unknown name or value."""
        merged = dict(self.changed)
        for name, value in changes.items():
            if name not in TABLE or not TABLE[name].accepts(value):
                raise ValueError(f"no setting {name} with value {value!r}")
            if name == "consent_months" and isinstance(value, dict):
                current = self.value(name)
                value = {**(current if isinstance(current, dict) else {}), **value}
            merged[name] = value
        return Settings(merged)

    def all(self) -> dict[str, object]:
        return {name: self.value(name) for name in TABLE}


def describe() -> dict[str, dict[str, object]]:
    """Each setting with its row of api/README.md 6, its default and its choices."""
    return {
        name: {"row": one.row, "default": one.default, "choices": list(one.choices) if one.closed else None}
        for name, one in TABLE.items()
    }
