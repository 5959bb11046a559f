"""One exchange: what is sent, what is kept alive, and what ends it."""

import gzip
import itertools
import socket
import time
import tracemalloc
import zlib

import pytest
import requests

from cyberadmin.api import errors
from cyberadmin.api.credentials import BearerToken
from cyberadmin.api.transport import Request, Transport, checked_base_url
from cyberadmin.api.types import ConsentWrite
from tests.api.conftest import PING, TOKEN, sample, sample_bytes
from tests.api.loopback import Loopback, answers, http

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_sends_what_the_contract_asks_for(serve, connect):
    server = serve(answers(200, PING))
    connect(server).account.ping()
    (request,) = server.received
    assert (request.method, request.target) == ("GET", "/ping?dateReturnFormat=ATOM")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("cyberadmin/")
    assert "content-type" not in request.headers


def test_a_body_is_json_in_utf8_and_says_so(serve, connect):
    server = serve(answers(200, sample_bytes("consent")))
    connect(server).members.set_consent(7, ConsentWrite(relation_type="employees", consent_proof="Né à Québec"))
    (request,) = server.received
    assert request.headers["content-type"] == "application/json"
    assert request.body == '{"relationType":"employees","consentProof":"Né à Québec"}'.encode()


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        (42, "42"),
        ("a+b@example.com", "a%2Bb%40example.com"),
        ("a/../b?c#d@example.com", "a%2F..%2Fb%3Fc%23d%40example.com"),
        ("é %2F@example.com", "%C3%A9%20%252F%40example.com"),
    ],
)
def test_a_key_fills_exactly_one_path_segment(serve, connect, key, segment):
    server = serve(answers(200, sample_bytes("member")))
    connect(server).members.get(key)
    assert server.received[0].target == f"/members/{segment}?dateReturnFormat=ATOM"


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_key_that_would_change_the_path_is_never_sent(serve, connect, records, key):
    server = serve(answers(200, sample_bytes("member_deleted")))
    with pytest.raises(ValueError, match="cannot stand in a path"):
        connect(server).members.delete(key)
    assert server.received == []
    assert records == []


def test_text_that_json_cannot_carry_is_never_sent(serve, connect):
    server = serve(answers(200, sample_bytes("group")))
    with pytest.raises(ValueError, match="JSON cannot carry"):
        connect(server).groups.create("\ud800", is_public=False)
    assert server.received == []


def test_calls_share_one_connection_and_no_cookies(serve, connect):
    server = serve(answers(200, PING, "Set-Cookie: session=1; Path=/"))
    client = connect(server)
    client.account.ping()
    client.account.ping()
    assert server.connections == 1
    assert "cookie" not in server.received[1].headers


def test_proxies_and_netrc_of_the_environment_are_ignored(serve, connect, monkeypatch, tmp_path):
    proxy = serve(answers(200, PING))
    server = serve(answers(200, PING))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    connect(server).account.ping()
    assert proxy.connections == 0
    assert server.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_headers_and_cookies_of_a_given_session_are_not_sent(serve, connect):
    session = requests.Session()
    session.headers["X-Other"] = "1"
    session.cookies.set("a", "b")
    server = serve(answers(200, PING))
    connect(server, session=session).account.ping()
    assert "x-other" not in server.received[0].headers
    assert "cookie" not in server.received[0].headers


# Deadline


def endless(part: bytes):
    return itertools.repeat(part)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda peer: peer.hang(), id="silence"),
        pytest.param(lambda peer: peer.drip(endless(b"H")), id="status line drips"),
        pytest.param(lambda peer: peer.drip(itertools.chain([JSON_HEAD], endless(b"X-A: b\r\n"))), id="headers drip"),
        pytest.param(lambda peer: peer.drip(endless(b"HTTP/1.1 100 Continue\r\n\r\n")), id="endless 100"),
        pytest.param(
            lambda peer: peer.drip(itertools.chain([JSON_HEAD + b"Content-Length: 99999\r\n\r\n"], endless(b" "))),
            id="body drips",
        ),
        pytest.param(
            lambda peer: peer.drip(
                itertools.chain([JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], endless(b"1\r\n \r\n"))
            ),
            id="chunks drip",
        ),
    ],
)
def test_the_deadline_ends_the_exchange_whatever_trickles_in(serve, connect, records, script):
    client = connect(serve(script), deadline=0.4)
    started = time.monotonic()
    with pytest.raises(errors.PerhapsSent) as caught:
        client.groups.create("Salon", is_public=True)
    assert 0.3 < time.monotonic() - started < 1.5
    assert caught.value.retryable
    assert [record.error_class for record in records] == ["PerhapsSent"]


def test_each_exchange_has_its_own_deadline(serve, connect):
    server = serve(lambda peer: peer.hang(), answers(200, PING))
    client = connect(server, deadline=0.3)
    with pytest.raises(errors.PerhapsSent):
        client.account.ping()
    assert client.account.ping().username == "sgagnon"


# Size


def test_an_answer_of_exactly_the_limit_passes(serve, connect):
    body = PING.ljust(5000)
    assert connect(serve(answers(200, body)), max_bytes=5000).account.ping().username == "sgagnon"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answers(200, PING.ljust(5001)), id="announced"),
        pytest.param(
            lambda peer: peer.drip(
                itertools.chain(
                    [JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], endless(b"400\r\n" + b" " * 1024 + b"\r\n")
                ),
                every=0,
            ),
            id="endless chunks",
        ),
    ],
)
def test_an_answer_over_the_limit_is_cut(serve, connect, script):
    with pytest.raises(errors.PerhapsSent, match="larger than 5000 bytes") as caught:
        connect(serve(script), max_bytes=5000).account.ping()
    assert caught.value.status == 200


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_is_refused_in_little_memory(serve, connect, layers):
    bomb = zlib.compressobj(wbits=31)
    body = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(200)) + bomb.flush()
    for _ in range(layers - 1):
        body = gzip.compress(body)
    encoding = "Content-Encoding: " + ", ".join(["gzip"] * layers)
    client = connect(serve(answers(200, body, encoding)), max_bytes=1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(errors.PerhapsSent, match="larger than"):
            client.account.ping()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_compressed_answer_is_read(serve, connect):
    server = serve(answers(200, gzip.compress(PING), "Content-Encoding: gzip"))
    assert connect(server).account.ping().account == "Coopérative Belle-Rive"


def test_the_bomb_in_an_error_leaves_the_error(serve, connect, records):
    body = gzip.compress(b'{"message": "' + b"x" * (50 << 20))
    with pytest.raises(errors.InvalidToken):
        connect(serve(answers(401, body, "Content-Encoding: gzip"))).account.ping()
    assert len(records[0].response_body) == 64 * 1024


def test_an_endless_error_is_not_listened_to(serve, connect):
    head = b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless_words = itertools.chain([head], endless(b"400\r\n" + b" " * 1024 + b"\r\n"))
    started = time.monotonic()
    with pytest.raises(errors.InvalidToken):
        connect(serve(lambda peer: peer.drip(endless_words, every=0)), deadline=4).account.ping()
    assert time.monotonic() - started < 2


# Broken lines


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda peer: peer.close(), id="empty reply"),
        pytest.param(lambda peer: peer.reset(), id="reset"),
        pytest.param(lambda peer: (peer.send(b"HTTP/1.1 20"), peer.close()), id="half a status line"),
        pytest.param(lambda peer: (peer.send(b"\x16\x03\x01 rubbish\r\n\r\n"), peer.close()), id="not HTTP"),
        pytest.param(lambda peer: (peer.send(http(200, PING)[:-5]), peer.close()), id="truncated body"),
        pytest.param(lambda peer: (peer.send(http(200, PING)[:-5]), peer.reset()), id="reset mid body"),
        pytest.param(
            lambda peer: (peer.send(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), peer.close()),
            id="bad chunk",
        ),
        pytest.param(lambda peer: peer.send(http(200, b"not gzip", "Content-Encoding: gzip")), id="bad compression"),
        pytest.param(lambda peer: (peer.send(JSON_HEAD + b"X: y\r\n" * 500), peer.close()), id="too many headers"),
    ],
)
def test_a_line_that_breaks_after_sending_leaves_doubt(serve, connect, records, script):
    server = serve(script)
    with pytest.raises(errors.PerhapsSent):
        connect(server).groups.create("Salon", is_public=True)
    assert len(server.received) == 1
    assert [record.error_class for record in records] == ["PerhapsSent"]


def test_a_stale_connection_never_sends_twice(serve, connect):
    # Given a server that drops the kept connection just as the second request arrives
    server = serve(answers(200, PING), lambda peer: peer.close(), answers(201, sample_bytes("group")))
    client = connect(server)
    client.account.ping()
    # When something that must not be doubled is sent on it
    with pytest.raises(errors.PerhapsSent):
        client.groups.create("Salon", is_public=True)
    # Then it went out once, on that connection
    assert [(request.method, request.connection) for request in server.received] == [("GET", 0), ("POST", 0)]


def test_a_connection_closed_while_idle_is_replaced_before_sending(serve, connect):
    server = serve(lambda peer: (peer.send(http(200, PING)), peer.close()), answers(201, sample_bytes("group")))
    client = connect(server)
    client.account.ping()
    wait_until_closed(client)
    assert client.groups.create("Salon", is_public=True).id == 20418
    assert [request.connection for request in server.received] == [0, 1]


def wait_until_closed(client) -> None:
    """Until the client's side has received the server's FIN."""
    pool = next(iter(client._transport._adapter.poolmanager.pools._container.values()))
    sock = pool.pool.queue[-1].sock
    sock.settimeout(5)
    assert sock.recv(1, socket.MSG_PEEK) == b""


def test_a_write_does_not_trust_a_connection_idle_for_long(serve):
    server = serve(answers(200, PING))
    transport = Transport(
        server.url,
        BearerToken(TOKEN),
        deadline=5,
        max_bytes=1000,
        session=None,
        resolve_check=None,
        ca_file=None,
        idle_seconds=0,
    )
    for method in ("GET", "GET", "POST"):
        transport.exchange(Request(method, "/ping", "/ping", {}, None))
    transport.session.close()
    assert [request.connection for request in server.received] == [0, 0, 1]


# Not sent


def test_a_refused_connection_is_certainly_not_sent(connect, records):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(errors.NotSent, match="refused") as caught:
        connect(f"http://127.0.0.1:{port}").account.ping()
    assert caught.value.retryable
    assert caught.value.status is None
    assert [(record.error_class, record.status) for record in records] == [("NotSent", None)]


def test_a_server_gone_since_the_last_call_was_sent_nothing(connect):
    with Loopback(answers(200, PING)) as server:
        client = connect(server)
        client.account.ping()
    with pytest.raises(errors.NotSent, match="refused"):
        client.groups.create("Salon", is_public=True)
    assert len(server.received) == 1


def test_a_name_that_does_not_resolve_is_certainly_not_sent(connect):
    # An address of an interface that does not exist: refused by the resolver without asking any server.
    with pytest.raises(errors.NotSent, match="not resolved"):
        connect("http://[fe80::1%25nosuch0]:80").account.ping()


def test_a_server_that_does_not_accept_is_not_sent(connect):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        with pytest.raises(errors.NotSent, match="timed out|within"):
            connect(f"http://127.0.0.1:{listener.getsockname()[1]}", deadline=0.4).account.ping()
        for filler in fillers:
            filler.close()


def test_the_address_connected_to_is_shown_before_anything_leaves(serve, connect):
    shown = []
    server = serve(answers(200, PING))
    connect(f"http://localhost:{server.port}", resolve_check=lambda host, ip: shown.append((host, ip))).account.ping()
    assert shown[-1] == ("localhost", "127.0.0.1")


@pytest.mark.parametrize("refusal", [PermissionError("private"), RuntimeError("bug in the check")])
def test_an_address_that_is_refused_gets_no_connection(serve, connect, refusal):
    def refuse(host: str, ip: str) -> None:
        raise refusal

    server = serve(answers(200, PING))
    with pytest.raises(errors.NotSent, match="address not allowed"):
        connect(server, resolve_check=refuse).account.ping()
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user:word@api.example.com",
        "https://api.example.com?a=b",
        "https://api.example.com#a",
        "https://api.example.com:99999",
        "https://*example.com",
    ],
)
def test_a_base_url_with_anything_unusual_is_refused(url):
    with pytest.raises(ValueError, match=r"base URL|host name|[Pp]ort"):
        checked_base_url(url)


def test_the_date_of_the_server_comes_with_a_page(serve, connect):
    body = sample_bytes("groups")
    page = connect(serve(answers(200, body, "Date: Wed, 01 Oct 2025 14:00:00 GMT"))).groups.list()
    assert page.server_date.isoformat() == "2025-10-01T14:00:00+00:00"
    assert page.rows == sample("groups")["groups"]
