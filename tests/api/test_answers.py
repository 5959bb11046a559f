"""What an answer means: the class of every status, the vendor's words, and successes that are none."""

import orjson
import pytest

from cyberadmin.api import errors
from tests.api.conftest import PING, sample, sample_bytes
from tests.api.loopback import answers, http

RETRYABLE = {errors.RateLimited, errors.ServerError}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Rejected),
        (401, errors.InvalidToken),
        (402, errors.PaymentRequired),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.Rejected),
        (406, errors.Rejected),
        (408, errors.ServerError),
        (409, errors.Conflict),
        (410, errors.UnexpectedResponse),
        (413, errors.TooLarge),
        (415, errors.Rejected),
        (422, errors.Rejected),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (503, errors.ServerError),
        (504, errors.ServerError),
        (599, errors.ServerError),
        (202, errors.UnexpectedResponse),
        (204, errors.UnexpectedResponse),
        (304, errors.Redirected),
        (999, errors.UnexpectedResponse),
    ],
)
def test_each_status_has_its_class(serve, connect, records, status, kind):
    with pytest.raises(errors.ApiError) as caught:
        connect(serve(answers(status))).members.get("maude.lavoie@example.com")
    error = caught.value
    assert type(error) is kind
    assert (error.method, error.path, error.status) == ("GET", "/members/{key}", status)
    assert str(error) == f"GET /members/{{key}} answered {status}"
    assert error.retryable is (kind in RETRYABLE)
    assert (error.retry_after, error.vendor_message, error.field_errors) == (None, "", {})
    assert [(record.status, record.error_class) for record in records] == [(status, kind.__name__)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_told_and_never_followed(serve, connect, status, method):
    trap = serve(answers(200, PING))
    server = serve(answers(status, b"", f"Location: http://localhost:{trap.port}/ping?secret=1"))
    client = connect(server)
    with pytest.raises(errors.Redirected) as caught:
        client.account.ping() if method == "GET" else client.groups.create("Salon", is_public=True)
    assert caught.value.location_host == "localhost"
    assert not caught.value.retryable
    assert (trap.connections, len(server.received)) == (0, 1)


@pytest.mark.parametrize("location", ["", "/ping", "http://[", "//a b/"])
def test_a_redirect_to_nowhere_is_still_one(serve, connect, location):
    with pytest.raises(errors.Redirected) as caught:
        connect(serve(answers(302, b"", f"Location: {location}"))).account.ping()
    assert caught.value.location_host == ""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        ("86400", 86400.0),
        ("Wed, 01 Oct 2025 14:00:30 GMT", 30.0),
        ("Wed, 01 Oct 2025 13:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, None),
        ("Wed, 99 Oct 2025 14:00:30 GMT", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_sent_or_not_at_all(serve, connect, value, seconds):
    headers = ["Date: Wed, 01 Oct 2025 14:00:00 GMT", f"Retry-After: {value}"]
    with pytest.raises(errors.RateLimited) as caught:
        connect(serve(lambda peer: peer.send(http(429, b"{}", *headers)))).account.ping()
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "message", "field_errors"),
    [
        (b'{"message": "No such e-mail"}', "No such e-mail", {}),
        (b'{"error": "Refused"}', "Refused", {}),
        (b'{"message": 5, "description": "Refused"}', "Refused", {}),
        (
            b'{"message": "Validation failed", "errors": {"email": ["Invalid", "Too long"], "note": "Bad"}}',
            "Validation failed",
            {"email": ["Invalid", "Too long"], "note": ["Bad"]},
        ),
        (b'{"errors": ["One", {"a": 1}]}', "", {"": ["One", '{"a":1}']}),
        (b'{"message": "a\\r\\nb\\u0000c\\u202e d"}', "a b c d", {}),
        (b'{"message": "' + "é".encode() * 600 + b'"}', "é" * 500, {}),
        (b'{"errors": "?"}', "", {}),
        (b'{"message": null, "errors": null}', "", {}),
        (b"[]", "", {}),
        (b'"text"', "", {}),
        (b"", "", {}),
        (b"<html><h1>Bad gateway</h1>", "", {}),
        (b"\xff\xfe", "", {}),
        (b'{"message": "cut', "", {}),
        (b"[" * 20000, "", {}),
    ],
)
def test_the_vendor_is_quoted_when_it_can_be_understood(serve, connect, body, message, field_errors):
    with pytest.raises(errors.Rejected) as caught:
        connect(serve(answers(422, body))).account.ping()
    assert caught.value.vendor_message == message
    assert caught.value.field_errors == field_errors
    assert str(caught.value) == "GET /ping answered 422"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda peer: (peer.send(http(401, b'{"message": "No"}')[:-6]), peer.close()), id="truncated"),
        pytest.param(lambda peer: peer.send(http(401, b"nothing", "Content-Encoding: gzip")), id="not gzip"),
        pytest.param(
            lambda peer: (peer.send(b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n"), peer.hang()), id="hangs"
        ),
    ],
)
def test_an_error_whose_body_breaks_off_keeps_its_class(serve, connect, script):
    with pytest.raises(errors.InvalidToken) as caught:
        connect(serve(script), deadline=0.5).account.ping()
    assert caught.value.status == 401


def test_the_request_id_of_the_vendor_is_kept(serve, connect, records):
    with pytest.raises(errors.ServerError) as caught:
        connect(serve(answers(500, b"", "X-Request-Id: abc-123"))).account.ping()
    assert caught.value.request_id == records[0].request_id == "abc-123"


# Successes that are none


DEEP = b'{"ping":' + b"[" * 10000 + b"]" * 10000 + b"}"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"<html>Maintenance</html>", "text/html", id="html"),
        pytest.param(PING, "text/html", id="json called html"),
        pytest.param(PING, "", id="no type"),
        pytest.param(b"<html>Maintenance</html>", "application/json", id="html called json"),
        pytest.param(b"", "application/json", id="empty"),
        pytest.param(PING[:-4], "application/json", id="cut"),
        pytest.param(b"\xef\xbb\xbf" + PING, "application/json", id="bom"),
        pytest.param(PING.decode().encode("latin-1"), "application/json; charset=iso-8859-1", id="latin-1"),
        pytest.param(PING.decode().encode("utf-16"), "application/json", id="utf-16"),
        pytest.param(b'{"ping": NaN}', "application/json", id="nan"),
        pytest.param(b'{"ping": Infinity}', "application/json", id="infinity"),
        pytest.param(DEEP, "application/json", id="deep"),
        pytest.param(b"[]", "application/json", id="list"),
        pytest.param(b"null", "application/json", id="null"),
        pytest.param(b'{"ping": "success"}', "application/json", id="missing field"),
        pytest.param(PING.replace(b"success", b"failure"), "application/json", id="other ping"),
    ],
)
def test_a_success_that_is_not_the_promised_json_is_unexpected(serve, connect, records, body, kind):
    with pytest.raises(errors.UnexpectedResponse) as caught:
        connect(serve(answers(200, body, kind=kind))).account.ping()
    assert caught.value.status == 200
    assert not caught.value.retryable
    assert [(record.status, record.error_class) for record in records] == [(200, "UnexpectedResponse")]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/hal+json"])
def test_json_may_be_announced_in_several_ways(serve, connect, kind):
    assert connect(serve(answers(200, PING, kind=kind))).account.ping().username == "sgagnon"


@pytest.mark.parametrize(
    "answer", [{}, {"7": "kept"}, {"7": "deleted", "8": "deleted"}, {"7": None}, {"message": "no"}, {"7": "created"}]
)
def test_a_deletion_not_confirmed_is_unexpected(serve, connect, answer):
    client = connect(serve(answers(200, orjson.dumps(answer))))
    for delete in (lambda: client.members.delete(7), lambda: client.groups.delete(7)):
        with pytest.raises(errors.UnexpectedResponse):
            delete()


def test_a_group_not_emptied_is_unexpected(serve, connect):
    with pytest.raises(errors.UnexpectedResponse, match="not an empty list"):
        connect(serve(answers(200, b'{"members": [1]}'))).groups.empty(7)


@pytest.mark.parametrize("name", ["members", "totalCount", "page", "limit", "sort"])
def test_a_page_without_its_envelope_is_unexpected(serve, connect, name):
    body = sample("members")
    del body[name]
    with pytest.raises(errors.UnexpectedResponse, match=f"{name}: missing"):
        connect(serve(answers(200, orjson.dumps(body)))).members.list()


@pytest.mark.parametrize("rows", [{}, None, "x", [1], [None], [[]]])
def test_a_page_whose_rows_are_no_objects_is_unexpected(serve, connect, rows):
    body = {**sample("members"), "members": rows}
    with pytest.raises(errors.UnexpectedResponse, match="members: "):
        connect(serve(answers(200, orjson.dumps(body)))).members.list()


def test_a_page_longer_than_asked_is_unexpected(serve, connect):
    with pytest.raises(errors.UnexpectedResponse, match="more rows than asked for"):
        connect(serve(answers(200, sample_bytes("members")))).members.list(limit=1)


def test_a_row_that_does_not_fit_fails_only_when_it_is_looked_at(serve, connect):
    body = sample("members")
    del body["members"][1]["firstname"]
    page = connect(serve(answers(200, orjson.dumps(body)))).members.list()
    assert len(page.rows) == 2
    with pytest.raises(errors.UnexpectedResponse, match="firstname: missing") as caught:
        _ = page.items
    assert caught.value.path == "/members"
