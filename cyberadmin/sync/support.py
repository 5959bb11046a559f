"""The support bundle: one failed call as a file that the vendor's developers can replay, and the letter that goes with it.

product.md S24, N4, W11: the full request and the full response, the account's name, what was tried; the token masked.
Personal data is in it on purpose, and is shown to the person before it leaves (`admin/calls.py`).
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override

from cyberadmin.accounts import audit, hosts, policy

from . import endpoints, exchanges
from .exchanges import Exchange
from .models import ApiCall

RULE = "-" * 72


@dataclass(frozen=True)
class Bundle:
    """A file for the vendor's support, and the letter in both languages."""

    name: str
    text: str
    letters: dict[str, str]


def whole(call: ApiCall) -> Exchange:
    """The whole of a failed call. Raises ValidationError when it is no longer, or never was, kept."""
    exchange = exchanges.read(call)
    if exchange is None:
        raise ValidationError(
            _(
                "The full request and response of this call are not kept: only failed calls are, for 30 days. What is below remains."
            )
        )
    return exchange


def bundle(actor: User, call: ApiCall, note: str = "") -> Bundle:
    """The bundle of a call; recorded in the history. Raises PermissionDenied, ValidationError as `whole`."""
    if not policy.can(actor, "edit", call.account):
        raise PermissionDenied
    exchange = whole(call)
    audit.record("call.bundle", actor=actor, account=call.account, call=call.pk, method=call.method, path=call.path)
    return Bundle(file_name(call), text(call, exchange, note.strip()), letters(call, note.strip()))


def file_name(call: ApiCall) -> str:
    """A name that sorts by time and says which call."""
    return f"cyberimpact-{call.at:%Y%m%d-%H%M%S}-{call.pk}.txt"


def text(call: ApiCall, exchange: Exchange, note: str = "") -> str:
    """The file: what happened, then both sides as they went over the wire, the credential masked."""
    account = call.account
    facts = [
        ("Account", account.vendor_name or account.name),
        ("When (UTC)", f"{call.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]),
        ("Duration", f"{call.duration_ms} ms"),
        ("Host", hosts.base_url(account.host)),
        ("Request id", exchange.request_id or "none given"),
        ("Failure", f"{exchange.error} ({exchange.status or 'no answer'})"),
        ("Tried", _tried(call)),
        ("Note", note or "none"),
    ]
    head = "\n".join(f"{name + ':':<12} {value}" for name, value in facts)
    request = f"{exchange.method} {exchange.path}\n{_headers(exchange.request_headers)}\n\n{exchange.request_body}"
    status = f"HTTP {exchange.status}" if exchange.status else "(no answer)"
    response = f"{status}\n{_headers(exchange.response_headers)}\n\n{exchange.response_body}"
    parts = [head, RULE, "REQUEST", RULE, request.rstrip(), RULE, "RESPONSE", RULE, response.rstrip(), ""]
    return "\n".join(parts)


def letters(call: ApiCall, note: str = "") -> dict[str, str]:
    """The text of the e-mail to the vendor's support, by language; it holds no personal data."""
    return {language: _letter(call, note, language) for language in ("fr", "en")}


def _letter(call: ApiCall, note: str, language: str) -> str:
    with override(language):
        lines = [
            _("Hello,"),
            "",
            _("A call to your API failed for the account “%(account)s”.")
            % {"account": call.account.vendor_name or call.account.name},
            _("Call: %(method)s %(path)s. %(meaning)s")
            % {"method": call.method, "path": call.path, "meaning": endpoints.meaning(call.method, call.path)},
            _("When: %(moment)s UTC. Answer: %(answer)s.")
            % {"moment": f"{call.at:%Y-%m-%d %H:%M:%S}", "answer": call.status or _("none")},
            *([note] if note else []),
            "",
            _("The attached file holds the full request and the full response; the token is masked."),
            _("Could you tell us what is wrong, and what we should send instead?"),
            "",
            _("Thank you"),
        ]
        return "\n".join(str(line) for line in lines)


def _headers(headers: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _tried(call: ApiCall) -> str:
    if call.change is None:
        return "once"
    times = ApiCall.objects.filter(change=call.change, method=call.method, path=call.path, id__lte=call.pk).count()
    return f"{times} time(s) for this change"
