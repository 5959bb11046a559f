"""Each exchange is reported once, and the secret is nowhere."""

import pickle
import traceback

import orjson
import pytest

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import BearerToken, LegacyLogin
from cyberadmin.api.types import MemberWrite
from tests.api.conftest import PING, TOKEN, sample, sample_bytes
from tests.api.loopback import answers, http

EMAIL = "canary.person@example.com"


def test_a_success_is_reported_whole(serve, connect, records):
    server = serve(
        answers(200, sample_bytes("member"), "X-Request-Id: r-1", "X-Debug: no", "Set-Cookie: s=1", "Server: nginx")
    )
    connect(server).members.edit(EMAIL, MemberWrite(first_name="Léa"))
    (record,) = records
    assert (record.method, record.path_pattern) == ("PATCH", "/members/{key}")
    assert record.path == "/members/canary.person%40example.com"
    assert record.query == {"dateReturnFormat": "ATOM"}
    assert (record.status, record.error_class, record.request_id) == (200, None, "r-1")
    assert record.started_at.utcoffset().total_seconds() == 0
    assert 0 <= record.duration_ms < 5000
    assert record.request_body == {"firstname": "Léa"}
    assert orjson.loads(record.response_body) == sample("member")
    assert set(record.request_headers) == {"Accept", "Accept-Encoding", "Content-Type", "User-Agent"}
    assert record.response_headers == {
        "Content-Length": str(len(sample_bytes("member"))),
        "Content-Type": "application/json",
        "Server": "nginx",
        "X-Request-Id": "r-1",
    }


def test_a_long_answer_is_reported_cut(serve, connect, records):
    connect(serve(answers(200, PING.ljust(100_000)))).account.ping()
    assert records[0].response_body == PING.ljust(65536)


def test_what_the_recorder_raises_goes_through(serve):
    def fail(record):
        raise LookupError("no room")

    with (
        ApiClient(serve(answers(200, PING)).url, BearerToken(TOKEN), on_call=fail) as client,
        pytest.raises(LookupError),
    ):
        client.account.ping()


def test_a_client_works_without_a_recorder(serve):
    with ApiClient(serve(answers(200, PING)).url, BearerToken(TOKEN)) as client:
        assert client.account.ping().email == "sgagnon@example.com"


def test_what_happens_before_a_call_can_prevent_it(serve, connect, records):
    waits = []

    def wait_twice_at_most(method: str) -> None:
        assert method == "GET"
        waits.append(len(records))
        if len(waits) > 2:
            raise LookupError("no slot")

    server = serve(answers(200, PING))
    client = connect(server, before_call=wait_twice_at_most)
    client.account.ping()
    client.account.ping()
    with pytest.raises(LookupError):
        client.account.ping()
    assert waits == [0, 1, 2]
    assert (len(server.received), len(records)) == (2, 2)


def test_a_new_token_is_in_nothing_but_the_answer(serve, connect, records):
    new = connect(serve(answers(200, sample_bytes("token")))).account.create_token()
    assert new.token == "EXAMPLE.TOKEN.VALUE"
    assert new.token not in repr(new) + str(records)
    assert records[0].response_body == b""


# The secret


ECHO = f'{{"message": "Bad token {TOKEN}", "errors": {{"token": ["{TOKEN} is unknown"]}}}}'.encode()


def _frames(error: BaseException):
    """Locals of our own frames, as an error reporter would print them."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "/cyberadmin/api/" in frame.f_code.co_filename:
            yield {name: repr(value) for name, value in frame.f_locals.items()}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda peer: peer.close(), id="empty reply"),
        pytest.param(lambda peer: peer.reset(), id="reset"),
        pytest.param(lambda peer: peer.hang(), id="silence"),
        pytest.param(lambda peer: peer.send(http(200, ECHO)), id="schema"),
        pytest.param(lambda peer: peer.send(http(200, ECHO, kind="text/html")), id="html"),
        pytest.param(lambda peer: peer.send(http(302, ECHO, f"Location: https://x/{TOKEN}")), id="redirect"),
        *(
            pytest.param(lambda peer, status=status: peer.send(http(status, ECHO)), id=str(status))
            for status in (400, 401, 403, 404, 409, 422, 429, 500)
        ),
    ],
)
def test_the_secret_and_the_person_are_in_no_error(serve, connect, records, script):
    client = connect(serve(script), deadline=0.3)
    with pytest.raises(errors.ApiError) as caught:
        client.members.get(EMAIL)
    error = caught.value
    # Nothing chained: the exceptions below hold the URL and the request.
    assert (error.__cause__, error.__context__) == (None, None)
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error))
    assert TOKEN not in shown
    assert "canary" not in str(error) + repr(error)
    assert TOKEN not in repr(vars(error))
    frames = list(_frames(error))
    assert frames
    assert TOKEN not in repr(frames)
    assert len(records) == 1
    assert TOKEN not in repr(records[0])


def test_a_refused_connection_shows_nothing(connect):
    with pytest.raises(errors.NotSent) as caught:
        connect("http://127.0.0.1:9").members.get(EMAIL)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert TOKEN not in repr(list(_frames(caught.value)))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("credential", [BearerToken(TOKEN), LegacyLogin("user", TOKEN)])
def test_a_credential_does_not_show_itself(credential):
    for shown in (repr(credential), str(credential), f"{credential}", repr([credential]), repr(vars(credential))):
        assert TOKEN not in shown
    with pytest.raises(TypeError, match="never serialised"):
        pickle.dumps(credential)


def test_a_legacy_login_is_basic_and_scrubbed(serve, records):
    server = serve(answers(401, b'{"message": "Basic dXNlcjpww6k= for p\xc3\xa9"}'))
    with (
        ApiClient(server.url, LegacyLogin("user", "pé"), on_call=records.append) as client,
        pytest.raises(errors.InvalidToken) as caught,
    ):
        client.account.ping()
    assert server.received[0].headers["authorization"] == "Basic dXNlcjpww6k="
    assert caught.value.vendor_message == "Basic [secret] for [secret]"
    assert records[0].response_body == b'{"message": "Basic [secret] for [secret]"}'


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "é", "a\x00"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token):
    with pytest.raises(ValueError, match=r"^a token is one run of printable ASCII characters$"):
        BearerToken(token)


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("x", ""), ("a:b", "x")])
def test_an_incomplete_login_is_refused(username, password):
    with pytest.raises(ValueError, match="legacy login"):
        LegacyLogin(username, password)
