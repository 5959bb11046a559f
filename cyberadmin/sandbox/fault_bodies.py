"""Answers that are broken on the wire: cut, in the wrong coding, too big, too slow. The request itself is applied."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cyberadmin.sandbox.wire import DropConnection, Reply

if TYPE_CHECKING:
    from cyberadmin.sandbox.fault_actions import Exchange

CHUNK = 65_536


def reset_mid_body(exchange: Exchange) -> Reply:
    """Half of the body, then a reset."""
    reply = exchange.apply()
    body = reply.body()

    def halves() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise DropConnection(reset=True)

    return Reply(reply.status, headers=reply.headers, stream=halves(), length=len(body))


def empty_reply(exchange: Exchange) -> Reply:
    """The right status without a body."""
    return Reply(exchange.apply().status, raw=b"")


def truncate(exchange: Exchange) -> Reply:
    """JSON cut after ``keep`` (a fraction), with a Content-Length that fits the cut."""
    reply = exchange.apply()
    body = reply.body()
    return Reply(reply.status, raw=body[: int(len(body) * exchange.rule.number("keep", 0.5))])


def html_200(exchange: Exchange) -> Reply:
    """A page of some proxy instead of the answer; applied unless ``apply`` is false."""
    if exchange.rule.args.get("apply", True):
        exchange.apply()
    page = b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>"
    return Reply(200, raw=page, content_type="text/html; charset=utf-8")


def wrong_type(exchange: Exchange) -> Reply:
    """The right JSON under another Content-Type."""
    reply = exchange.apply()
    return Reply(reply.status, raw=reply.body(), content_type=exchange.rule.text("content_type", "text/plain"))


def bom(exchange: Exchange) -> Reply:
    reply = exchange.apply()
    return Reply(reply.status, raw=b"\xef\xbb\xbf" + reply.body())


def latin1(exchange: Exchange) -> Reply:
    """Latin-1 bytes announced as JSON."""
    reply = exchange.apply()
    return Reply(reply.status, raw=reply.body().decode().encode("latin-1", "replace"))


def nan(exchange: Exchange) -> Reply:
    """A further member with the value NaN, which JSON does not know."""
    reply = exchange.apply()
    body = reply.body().rstrip()
    comma = b"," if len(body) > 2 else b""
    return Reply(reply.status, raw=body[:-1] + comma + b'"score":NaN' + body[-1:])


def nested(exchange: Exchange) -> Reply:
    """Arrays in arrays, ``depth`` deep."""
    depth = int(exchange.rule.number("depth", 10_000))
    return Reply(exchange.apply().status, raw=b"[" * depth + b"]" * depth)


def huge(exchange: Exchange) -> Reply:
    """Valid JSON of ``bytes`` bytes, made while it is sent."""
    size = max(16, int(exchange.rule.number("bytes", 2_000_000_000)))

    def body() -> Iterator[bytes]:
        yield b'{"note":"'
        left = size - len(b'{"note":""}')
        while left > 0:
            yield b"x" * min(CHUNK, left)
            left -= CHUNK
        yield b'"}'

    return Reply(exchange.apply().status, stream=body(), length=size)


def gzip_bomb(exchange: Exchange) -> Reply:
    """A small gzip body that unpacks to ``bytes`` bytes of blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * 1_000_000
    parts = [packer.compress(blanks) for _ in range(int(exchange.rule.number("bytes", 200_000_000)) // len(blanks))]
    packed = b"".join([*parts, packer.compress(b"{}"), packer.flush()])
    return Reply(exchange.apply().status, raw=packed, headers={"Content-Encoding": "gzip"})


def drip(exchange: Exchange) -> Reply:
    """``bytes`` bytes every ``seconds``, until the body is out or the rule is cleared."""
    reply = exchange.apply()
    body, rule = reply.body(), exchange.rule
    size, pause = max(1, int(rule.number("bytes", 1))), rule.number("seconds", 5)

    def drops() -> Iterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]
            rule.wait(pause)

    return Reply(reply.status, headers=reply.headers, stream=drops(), length=len(body))


ACTIONS: dict[str, Callable[[Exchange], Reply]] = {
    action.__name__: action
    for action in (
        reset_mid_body,
        empty_reply,
        truncate,
        html_200,
        wrong_type,
        bom,
        latin1,
        nan,
        nested,
        huge,
        gzip_bomb,
        drip,
    )  # fmt: skip
}
