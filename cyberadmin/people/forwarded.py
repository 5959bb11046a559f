"""Where a request comes from: `X-Forwarded-*` counts only from the proxies that CYBERADMIN_PROXIES lists.

Must stand first among the middleware: whatever comes after it, Django's own HTTPS check too, sees no forwarded header
that a stranger could have written (docs/engine.md, security checklist line 37).
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: What a web server behind a socket file gives as the peer.
SOCKET_FILE = "unix"


@lru_cache(maxsize=8)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries if entry != SOCKET_FILE)


def is_proxy(address: str) -> bool:
    """Whether `address` is one of the listed proxies; "" is the peer of a socket file."""
    listed = tuple(settings.CYBERADMIN_PROXIES)
    if not address:
        return SOCKET_FILE in listed
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _networks(listed))


def client_address(request: HttpRequest) -> str:
    """The address that a person's browser speaks from: the last one in the chain that is no proxy of ours."""
    chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    address: str = request.META.get("REMOTE_ADDR", "")
    while chain and is_proxy(address):
        address = chain.pop()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def neighbourhood(address: str) -> str:
    """What one subscriber holds: an IPv4 address, or the /64 around an IPv6 one."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


class ForwardedHeaders:
    """Takes `X-Forwarded-*` and `Forwarded` off requests that do not come from a listed proxy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_proxy(request.META.get("REMOTE_ADDR", "")):
            for name in [name for name in request.META if name.startswith(("HTTP_X_FORWARDED_", "HTTP_FORWARDED"))]:
                del request.META[name]
        return self.get_response(request)
