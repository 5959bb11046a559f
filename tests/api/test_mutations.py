"""Whatever the answer, a call gives a value or an `ApiError`."""

import contextlib
import math

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken
from tests.api.conftest import sample
from tests.api.loopback import Loopback, http
from tests.api.test_mailing_types import NEW as NEW_MAILING

CALLS = {
    "ping": lambda client: client.account.ping(),
    "token": lambda client: client.account.create_token(),
    "member": lambda client: client.members.get(7),
    "members": lambda client: client.members.list().items,
    "members_bounced": lambda client: client.members.list_bounced().items,
    "member_unsubscription": lambda client: client.members.unsubscribe(7),
    "member_deleted": lambda client: client.members.delete(7),
    "member_groups_set": lambda client: client.members.replace_groups(7, [1]),
    "member_mailings": lambda client: client.members.list_mailings(7).items,
    "consent": lambda client: client.members.get_consent(7),
    "optin": lambda client: client.members.optin(types.MemberWrite(email="a@example.com")),
    "custom_fields": lambda client: client.custom_fields.list(),
    "groups": lambda client: client.groups.list().items,
    "group_emptied": lambda client: client.groups.empty(7),
    "batch_completed": lambda client: client.batches.get(7),
    "mailing_created": lambda client: client.mailings.create(NEW_MAILING),
    "mailing_sent": lambda client: client.mailings.get(7),
    "mailing_deleted": lambda client: client.mailings.delete(7),
    "mailings_sent": lambda client: client.mailings.list_sent().items,
    "mailings_scheduled": lambda client: client.mailings.list_scheduled().items,
    "mailings_archived": lambda client: client.mailings.list_archived().items,
    "recipients_all": lambda client: client.mailings.list_recipients(7).items,
    "recipients_clicked": lambda client: client.mailings.list_recipients(7, "clicked").items,
    "templates": lambda client: client.templates.list().items,
    "template": lambda client: client.templates.get(7),
}
READERS = (
    types.Member,
    types.BouncedMember,
    types.Unsubscription,
    types.Group,
    types.Consent,
    types.Batch,
    types.Mailing,
    types.MailingDetail,
    types.SentMailing,
    types.ScheduledMailing,
    types.ArchivedMailing,
    types.Recipient,
    types.TemplateSummary,
    types.Template,
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "0",
            "2025-09-30 16:02:55.870",
            "2025-02-30",
            "0000-00-00 00:00:00",
            "9999-12-31T23:59:59-12:00",
            "__EMPTY__",
        ]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _places(value, path=()):
    """The path of every node below the top."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from _places(inner, (*path, key))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, object]:
    """A sample with a few of its nodes removed or replaced."""
    name = draw(st.sampled_from(sorted(CALLS)))
    body = sample(name)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(body))
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        node = body
        for key in path:
            node = node[key]
        if draw(st.booleans()):
            del node[last]
        else:
            node[last] = draw(ANYTHING)
    return name, body


def _survives(script, call) -> None:
    with Loopback(script) as server, ApiClient(server.url, BearerToken("t"), deadline=5, max_bytes=100_000) as client:
        with contextlib.suppress(errors.ApiError):
            call(client)
        assert len(server.received) == 1


BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@BOUNDED
@given(mutated())
def test_a_mutated_answer_is_a_value_or_an_api_error(case):
    name, body = case
    _survives(lambda peer: peer.send(http(200, orjson.dumps(body))), CALLS[name])


@BOUNDED
@given(
    st.sampled_from(sorted(CALLS)),
    st.sampled_from([200, 201, 204, 301, 400, 401, 409, 422, 429, 500, 503]),
    st.one_of(st.binary(max_size=60), ANYTHING.map(orjson.dumps)),
    st.sampled_from(["application/json", "text/html", ""]),
    st.dictionaries(
        st.sampled_from(["Retry-After", "Date", "Location", "Content-Encoding", "X-Request-Id"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    ),
)
def test_a_random_answer_is_a_value_or_an_api_error(name, status, body, kind, headers):
    lines = [f"{header}: {value}".encode("latin-1") for header, value in headers.items()]
    head, _, rest = http(status, body, kind=kind).partition(b"\r\n")
    _survives(lambda peer: peer.send(b"\r\n".join([head, *lines, rest])), CALLS[name])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_an_api_error(data):
    def script(peer) -> None:
        peer.send(data)
        peer.close()

    with Loopback(script) as server, ApiClient(server.url, BearerToken("t"), deadline=5) as client:
        with contextlib.suppress(errors.ApiError):
            client.account.ping()
        assert len(server.received) == 1


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_every_reader_raises_nothing_but_a_schema_error(case):
    _, body = case
    for kind in READERS:
        with contextlib.suppress(errors.SchemaError):
            kind.from_json(body)


def test_a_number_too_large_for_json_is_no_value():
    for text in (b"1e400", b"-1e400", b"123456789012345678901234567890"):
        body = orjson.dumps(sample("member")).replace(b'"3":12', b'"3":' + text)
        with (
            Loopback(lambda peer, body=body: peer.send(http(200, body))) as server,
            ApiClient(server.url, BearerToken("t")) as client,
        ):
            try:
                value = client.members.get(7).custom_values[3]
            except errors.UnexpectedResponse:
                continue
            assert isinstance(value, float)
            assert math.isfinite(value)
