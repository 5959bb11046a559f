"""Which addresses a client account may call.

Staff choose a host from the settings' list, never type one; the address it resolves to is checked as well, so that a
poisoned name cannot turn a call inward. The sandbox is one more choice, and only in development.
"""

import ipaddress
from collections.abc import Iterator

from django.conf import settings

SANDBOX = "sandbox"
#: IPv6 prefix that a network translates to IPv4 addresses of its own choice (RFC 8215); Python 3.11 calls it global.
_TRANSLATED_INWARD = ipaddress.ip_network("64:ff9b:1::/48")
#: IPv6 prefix whose last four bytes are the IPv4 address that a translator calls (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class HostRefused(Exception):
    """The host, or the address it resolves to, is not one this product may call."""


def choices() -> list[tuple[str, str]]:
    """The hosts that an account may be connected to, as form choices."""
    hosts = [(host, host) for host in settings.CYBERIMPACT_HOSTS]
    if settings.CYBERIMPACT_SANDBOX_URL:
        hosts.insert(0, (SANDBOX, SANDBOX))
    return hosts


def base_url(host: str) -> str:
    """The base URL of an allowed host. Raises HostRefused for any other."""
    if host == SANDBOX and settings.CYBERIMPACT_SANDBOX_URL:
        return str(settings.CYBERIMPACT_SANDBOX_URL).rstrip("/")
    if host in settings.CYBERIMPACT_HOSTS:
        return f"https://{host}"
    raise HostRefused("This host is not on the list of allowed hosts.")


def check_address(host: str, address: str) -> None:
    """Refuse an address that is not on the public internet (only the sandbox may be local)."""
    sandbox = settings.CYBERIMPACT_SANDBOX_URL
    if sandbox and f"//{host}:" in sandbox:
        return
    for found in _reached(address.split("%")[0]):
        if not found.is_global or found in _TRANSLATED_INWARD:
            raise HostRefused("The vendor's host resolves to an address inside this network.")


def _reached(address: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, or the IPv4 address that it carries: Python 3.11 calls some of those that lead inward global."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv4Address):
        yield found
    elif found.ipv4_mapped is not None:
        yield found.ipv4_mapped
    else:
        yield found
        if found.sixtofour is not None:
            yield found.sixtofour
        if found in _TRANSLATED:
            yield ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
