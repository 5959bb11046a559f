"""No account may be pointed at a host that is not the vendor's, nor the vendor's name at an address inside."""

from __future__ import annotations

from typing import Any

import pytest

from cyberadmin.accounts import hosts

INWARD = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "2001:db8::1",
    "64:ff9b:1::1",
    "100::1",
    "::ffff:100.64.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "::ffff:192.168.0.1",
    "172.20.10.1",
    "198.19.255.255",
]

#: What may be typed, forged or left in a row in place of the vendor's name.
OFF_THE_LIST = [
    "",
    "localhost",
    "localhost.localdomain",
    "127.0.0.1",
    "127.1",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "2130706433",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "169.254.169.254",
    "metadata.google.internal",
    "api.cyberimpact.com.example.com",
    "api.cyberimpact.com@example.com",
    "user:password@api.cyberimpact.com",
    "api.cyberimpact.com:8443",
    "api.cyberimpact.com:443",
    "api.cyberimpact.com/",
    "api.cyberimpact.com/../",
    "api.cyberimpact.com#example.com",
    "api.cyberimpact.com?example.com",
    "api.cyberimpact.com%2eexample.com",
    "api.cyberimpact.com\\example.com",
    "api.cyberimpact.com\r\nHost: example.com",
    "api.cyberimpact.com\x00.example.com",
    "http://api.cyberimpact.com",
    "https://api.cyberimpact.com",
    "file:///etc/passwd",
    "gopher://api.cyberimpact.com",
    "API.CYBERIMPACT.COM",
    "api.cyberimpact.com.",
    "xn--api-cyberimpact.com",
    "аpi.cyberimpact.com",
    "api。cyberimpact。com",
    "api.cyberimpact.co",
    "evil-api.cyberimpact.com",
    "cyberimpact.com",
    " api.cyberimpact.com",
]


def test_there_are_as_many_as_promised() -> None:
    assert len(set(INWARD)) + len(set(OFF_THE_LIST)) >= 60


@pytest.mark.parametrize("address", INWARD)
def test_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(hosts.HostRefused):
        hosts.check_address("api.cyberimpact.com", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2607:f8b0:4020:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_outside_is_allowed(address: str) -> None:
    hosts.check_address("api.cyberimpact.com", address)


@pytest.mark.parametrize("host", OFF_THE_LIST)
def test_a_host_off_the_list_is_refused(host: str) -> None:
    with pytest.raises(hosts.HostRefused):
        hosts.base_url(host)


def test_a_listed_host_is_called_over_https() -> None:
    assert hosts.base_url("api.cyberimpact.com") == "https://api.cyberimpact.com"


def test_the_sandbox_exists_only_where_the_settings_name_one(settings: Any) -> None:
    settings.CYBERIMPACT_SANDBOX_URL = ""
    with pytest.raises(hosts.HostRefused):
        hosts.base_url("sandbox")
    settings.CYBERIMPACT_SANDBOX_URL = "http://127.0.0.1:8010"
    assert hosts.base_url("sandbox") == "http://127.0.0.1:8010"
    hosts.check_address("127.0.0.1", "127.0.0.1")
    with pytest.raises(hosts.HostRefused):
        hosts.check_address("api.cyberimpact.com", "127.0.0.1")
