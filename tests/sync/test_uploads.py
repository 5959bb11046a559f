"""The store of uploads: sealed on disk or not there, bound to its client, and never in clear anywhere."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.core.management import call_command
from django.http import HttpRequest
from django.test import RequestFactory

from cyberadmin.sync import clock, uploads
from cyberadmin.sync.sealing import CHUNK, SealBroken
from cyberadmin.sync.upload_handler import SealedUploadHandler
from cyberadmin.sync.uploads import Store, UploadError

PLAIN = b"prenom;courriel\nMarie;marie.canary@example.com\n"
STORE = Store("imports")


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    yield
    clock.reset()


def files() -> list[Path]:
    return [path for path in uploads.root().rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 300_001])
def test_what_is_kept_comes_back_whole_and_from_any_place(size: int) -> None:
    data = os.urandom(size)
    stored = STORE.keep(7, io.BytesIO(data))
    assert stored.size == size
    with STORE.open_plain(7, stored.name) as plain:
        assert plain.read() == data
        plain.seek(size // 2)
        assert plain.read(10) == data[size // 2 : size // 2 + 10]
        plain.seek(-1, os.SEEK_END)
        assert plain.read() == data[-1:]


def test_nothing_of_it_is_readable_on_disk_and_only_by_this_user() -> None:
    stored = STORE.keep(7, io.BytesIO(PLAIN * 5000))
    (path,) = files()
    assert b"canary" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.name == stored.name


def test_a_file_opens_only_for_its_client_its_name_and_its_purpose() -> None:
    stored, other = STORE.keep(7, io.BytesIO(PLAIN)), STORE.keep(8, io.BytesIO(PLAIN))
    here, there = (
        uploads.root() / "imports" / str(client) / name for client, name in ((7, stored.name), (8, other.name))
    )
    for place in (there, here.with_name("0" * 32), uploads.root() / "proofs" / "7" / stored.name):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(here.read_bytes())
    for store, client, name in ((STORE, 8, other.name), (STORE, 7, "0" * 32), (Store("proofs"), 7, stored.name)):
        with pytest.raises(UploadError) as refused:
            store.open_plain(client, name)
        assert refused.value.code == "unreadable"


@pytest.mark.parametrize("name", ["../7/x", "..", "", "/etc/passwd", "A" * 32, "0" * 31, "0" * 32])
def test_a_name_never_leads_out_of_the_folder(name: str) -> None:
    with pytest.raises(UploadError) as refused:
        STORE.open_plain(7, name)
    assert refused.value.code == "missing"


@pytest.mark.parametrize("damage", ["cut", "cut_chunk", "swap", "flip", "grow", "header"])
def test_a_damaged_file_never_gives_wrong_bytes(damage: str) -> None:
    data = os.urandom(3 * CHUNK)
    stored = STORE.keep(7, io.BytesIO(data))
    (path,) = files()
    raw, piece = bytearray(path.read_bytes()), CHUNK + 16
    if damage == "cut":
        raw = raw[:-1]
    elif damage == "cut_chunk":
        raw = raw[:-piece]
    elif damage == "swap":
        raw[512 : 512 + piece], raw[512 + piece : 512 + 2 * piece] = (
            raw[512 + piece : 512 + 2 * piece],
            raw[512 : 512 + piece],
        )
    elif damage == "flip":
        raw[600] ^= 1
    elif damage == "grow":
        raw += b"more"
    else:
        raw[20] ^= 1
    path.write_bytes(raw)
    with pytest.raises((UploadError, SealBroken)), STORE.open_plain(7, stored.name) as plain:
        plain.read()


def test_too_large_and_empty_leave_nothing_behind(settings: Any) -> None:
    settings.UPLOAD_MAX_MB = 1
    with pytest.raises(UploadError) as refused:
        STORE.keep(7, io.BytesIO(b"x" * ((1 << 20) + 1)))
    assert "1 MB" in refused.value.sentence
    with pytest.raises(UploadError, match="empty"):
        STORE.keep(7, io.BytesIO(b""))
    assert files() == []


def test_a_reader_that_fails_leaves_nothing_behind() -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(100)

    with pytest.raises(ConnectionResetError):
        STORE.keep(7, Breaking(b"x" * 1000))
    assert files() == []


FULL = """
import io, resource, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
from cyberadmin.sync import uploads
settings.DATA_DIR = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    uploads.Store("imports").keep(7, io.BytesIO(b"x" * 1_000_000))
except uploads.UploadError as error:
    print(error.code, sum(path.is_file() for path in uploads.root().rglob("*")))
"""


def test_a_full_disk_is_said_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """The system refuses to let the file grow, as a full disk does, in a process of its own."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    said = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["no_room", "0"]


def test_keys_rotate_in_place_and_age_stays(settings: Any) -> None:
    stored = STORE.keep(7, io.BytesIO(PLAIN))
    (path,) = files()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    old = settings.CYBERADMIN_KEYS[0]
    new = "k2:" + base64.b64encode(b"z" * 32).decode()
    settings.CYBERADMIN_KEYS = [new, old]
    assert (uploads.rotate(), uploads.rotate()) == (1, 0)
    settings.CYBERADMIN_KEYS = [new]
    with STORE.open_plain(7, stored.name) as plain:
        assert plain.read() == PLAIN
    assert path.stat().st_mtime == 1_700_000_000
    settings.CYBERADMIN_KEYS = [old]
    with pytest.raises(UploadError, match="unreadable"):
        STORE.open_plain(7, stored.name)


@pytest.mark.django_db
def test_the_command_that_changes_keys_covers_uploads(settings: Any) -> None:
    stored = STORE.keep(7, io.BytesIO(PLAIN))
    settings.CYBERADMIN_KEYS = ["k2:" + base64.b64encode(b"z" * 32).decode(), *settings.CYBERADMIN_KEYS]
    call_command("rotate_keys", verbosity=0)
    settings.CYBERADMIN_KEYS = settings.CYBERADMIN_KEYS[:1]
    with STORE.open_plain(7, stored.name) as plain:
        assert plain.read() == PLAIN


def test_purge_goes_by_age_and_takes_what_was_left_half_written() -> None:
    old, proof = STORE.keep(7, io.BytesIO(PLAIN)), Store("proofs").keep(7, io.BytesIO(PLAIN))
    part = uploads.root() / "imports" / "7" / ("1" * 32 + ".part")
    part.write_bytes(b"half")
    clock.advance(86_400 * 3)
    young = STORE.keep(7, io.BytesIO(PLAIN))
    os.utime(uploads.root() / "imports" / "7" / young.name, (clock.now().timestamp(),) * 2)
    assert STORE.purge(timedelta(days=2)) == 1
    assert {path.name for path in files()} == {proof.name, young.name}
    with pytest.raises(UploadError, match="missing"):
        STORE.open_plain(7, old.name)


def test_a_client_that_leaves_takes_its_files_along() -> None:
    STORE.keep(7, io.BytesIO(PLAIN))
    kept = STORE.keep(77, io.BytesIO(PLAIN))
    assert STORE.purge_account(7) == 1
    assert [path.name for path in files()] == [kept.name]
    STORE.delete(77, kept.name)
    STORE.delete(77, kept.name)
    assert files() == []


def posted(data: bytes) -> HttpRequest:
    boundary = "frontier"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="liste.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    body += data + f"\r\n--{boundary}--\r\n".encode()
    return RequestFactory().post("/", body, content_type=f"multipart/form-data; boundary={boundary}")


def nameless_files() -> list[bytes]:
    """What lies in the open files of this process that have no name any more."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(descriptor).endswith("(deleted)") and str(uploads.root()) in os.readlink(descriptor):
                found.append(descriptor.read_bytes())
    return found


def test_a_large_upload_is_sealed_while_its_request_is_read() -> None:
    request = posted(PLAIN * 100_000)
    assert request.upload_handlers[0].__class__ is MemoryFileUploadHandler
    upload = request.FILES["file"]
    assert any(on_disk for on_disk in nameless_files())
    assert not any(b"canary" in on_disk for on_disk in nameless_files())
    assert files() == []
    stored = STORE.keep(7, upload)
    upload.close()
    with STORE.open_plain(7, stored.name) as plain:
        assert plain.read() == PLAIN * 100_000


def test_an_upload_beyond_the_limit_is_dropped_and_says_so(settings: Any) -> None:
    settings.UPLOAD_MAX_MB = 3
    upload = posted(b"x" * (5 << 20)).FILES["file"]
    assert upload.size == 5 << 20
    with pytest.raises(UploadError, match="too_large"):
        STORE.keep(7, upload)
    assert files() == []


def test_a_disk_that_fills_during_the_upload_is_said() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        upload = posted(b"x" * (4 << 20)).FILES["file"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(UploadError, match="no_room"):
        STORE.keep(7, upload)


def test_an_interrupted_upload_is_let_go() -> None:
    handler = SealedUploadHandler(HttpRequest())
    handler.new_file("file", "liste.csv", "text/csv", 10, None, None)
    handler.receive_data_chunk(b"x" * 100_000, 0)
    handler.upload_interrupted()
    assert files() == []
