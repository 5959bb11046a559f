"""TLS is always verified: with certificates made here, of an authority nobody else trusts."""

import datetime
import ipaddress
import itertools
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cyberadmin.api import errors
from tests.api.conftest import PING
from tests.api.loopback import Loopback, answers

DAY = datetime.timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A certificate authority in a directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca_file = str(folder / "ca.pem")
        certificate = self._certificate(_name("Test authority"), self.key, ca=True)
        Path(self.ca_file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _certificate(self, subject, key, *, ca=False, alt=None, age=DAY, life=2 * DAY) -> x509.Certificate:
        start = datetime.datetime.now(datetime.UTC) - age
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name("Test authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + life)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if alt is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([alt]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def context(self, alt: x509.GeneralName, **dates: datetime.timedelta) -> ssl.SSLContext:
        """A server's context with a certificate for this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(_name("server"), key, alt=alt, **dates)
        pem = self.folder / "server.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def serve_tls(serve: Callable[..., Loopback], authority: Authority) -> Callable[..., Loopback]:
    """Start a server with a good certificate."""
    return lambda *scripts: serve(*scripts, tls=authority.context(LOOPBACK))


def assert_refused(client, server: Loopback, records) -> None:
    with pytest.raises(errors.TlsFailed) as caught:
        client.groups.create("Salon", is_public=True)
    assert not caught.value.retryable
    assert server.received == []
    assert [record.error_class for record in records] == ["TlsFailed"]


def test_a_trusted_server_is_spoken_to_on_one_connection(serve_tls, connect, authority):
    server = serve_tls(answers(200, PING))
    client = connect(server, ca_file=authority.ca_file)
    client.account.ping()
    assert client.account.ping().username == "sgagnon"
    assert server.connections == 1


def test_an_unknown_authority_gets_nothing(serve_tls, connect, records):
    server = serve_tls(answers(200, PING))
    assert_refused(connect(server), server, records)


def test_a_session_that_would_not_verify_still_does(serve_tls, connect, records, monkeypatch, authority):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca_file)
    session = requests.Session()
    session.verify = False
    server = serve_tls(answers(200, PING))
    assert_refused(connect(server, session=session), server, records)


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        pytest.param(x509.DNSName("other.example.com"), {}, id="wrong name"),
        pytest.param(LOOPBACK, {"age": 3 * DAY}, id="expired"),
        pytest.param(LOOPBACK, {"age": -DAY}, id="not yet valid"),
    ],
)
def test_a_wrong_certificate_gets_nothing(serve, connect, records, authority, name, dates):
    server = serve(answers(200, PING), tls=authority.context(name, **dates))
    assert_refused(connect(server, ca_file=authority.ca_file), server, records)


def test_a_server_without_tls_gets_nothing(serve, connect, records):
    plain = serve(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    client = connect(plain.url.replace("http:", "https:"), deadline=1)
    with pytest.raises((errors.TlsFailed, errors.NotSent)):
        client.account.ping()
    assert [record.status for record in records] == [None]


def test_old_tls_gets_nothing(serve, connect, records, authority):
    context = authority.context(LOOPBACK)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(answers(200, PING), tls=context)
    assert_refused(connect(server, ca_file=authority.ca_file), server, records)


def test_the_deadline_holds_over_tls(serve_tls, connect, authority):
    client = connect(serve_tls(lambda peer: peer.drip(itertools.repeat(b"H"))), ca_file=authority.ca_file, deadline=0.5)
    started = time.monotonic()
    with pytest.raises(errors.PerhapsSent):
        client.account.ping()
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_line_that_breaks_over_tls_leaves_doubt(serve_tls, connect, authority, end):
    server = serve_tls(lambda peer: getattr(peer, end)())
    with pytest.raises(errors.PerhapsSent):
        connect(server, ca_file=authority.ca_file).groups.create("Salon", is_public=True)
    assert len(server.received) == 1


def test_a_server_that_hangs_up_during_the_handshake_was_sent_nothing(connect):
    with HangUp() as server, pytest.raises(errors.NotSent, match="handshake|failed"):
        connect(f"https://127.0.0.1:{server.port}").account.ping()


class HangUp(Loopback):
    """Closes every connection at once."""

    def _serve(self, sock, number) -> None:
        sock.close()
