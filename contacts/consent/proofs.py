"""Files that prove a consent: PDF, pictures and plain text, told apart by their bytes, kept sealed, given back inert.

A file is given back as a download that no browser opens by itself, whatever it holds (docs/engine.md, checklist 20, 23).
"""

import re
from os import SEEK_END
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _

from contacts.models import ProofFile
from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.models import Account
from cyberadmin.sync.file_kinds import HEAD, kind_of
from cyberadmin.sync.sealing import SealBroken
from cyberadmin.sync.uploads import Store, UploadError

STORE = Store("proofs")
#: What is taken, by content, and how it is labelled when it is given back.
MEDIA_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png", "text": "text/plain"}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "text/plain": ".txt"}
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.txt"
#: Scans of sign-up sheets are small; what is larger is no proof of one consent. It is read whole to be given back.
MOST_MB = 20
_UNSAFE = re.compile(r"[^\w .()'-]+")


def keep(account: Account, name: str, source: Any, actor: User) -> ProofFile:
    """Seal an uploaded file; call it inside the transaction that refers to it. Raises ValidationError on `proof_file`."""
    head, size = source.read(HEAD), source.seek(0, SEEK_END)
    source.seek(0)
    media_type = MEDIA_TYPES.get(kind_of(head))
    if media_type is None and head:
        raise ValidationError(
            {"proof_file": _("A proof is a PDF, a JPEG or PNG picture, or a plain text. Choose such a file.")}
        )
    if size > MOST_MB << 20:
        raise ValidationError({"proof_file": UploadError("too_large", most=MOST_MB).sentence})
    try:
        stored = STORE.keep(account.pk, source)
    except UploadError as error:
        raise ValidationError({"proof_file": error.sentence}) from error
    return ProofFile.objects.create(
        account=account,
        stored_name=stored.name,
        original_name=safe_name(name, media_type or ""),
        media_type=media_type or "",
        size=stored.size,
        sha256=stored.sha256,
        uploaded_by=actor,
    )


def safe_name(name: str, media_type: str) -> str:
    """A name to show and to save under: no path, no control characters, and the ending that its bytes deserve."""
    base = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    ending = ENDINGS.get(media_type, "")
    stem = base.rpartition(".")[0] or base or _("proof")
    return f"{stem[: 200 - len(ending)]}{ending}"


def download(file: ProofFile) -> HttpResponse:
    """The file as an attachment that no browser runs. Raises UploadError when it cannot be opened."""
    with STORE.open_plain(file.account_id, file.stored_name) as plain:
        try:
            response = HttpResponse(plain.read(), content_type=file.media_type)
        except SealBroken:
            raise UploadError("unreadable") from None
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "no-store"
    return as_file(response, file.original_name)
