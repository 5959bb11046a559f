"""How a large upload waits while its request is read: sealed in a file without a name, under a key that only memory holds.

Django's own handler would write it in clear to the system's temporary folder before any page of ours sees it. The page
gives the file to `uploads.Store.keep`.
"""

import errno
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from .sealing import SealingWriter, new_key, opened
from .uploads import UploadError, most_bytes, root


class SealedUpload(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file that is plain only while it is read. `problem` says why it was not kept."""

    problem: UploadError | None = None


class SealedUploadHandler(FileUploadHandler):
    """Takes the files that are too large for memory; one beyond the limit is read to its end and dropped."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._size = 0
        self._problem: UploadError | None = None
        self._key = new_key()
        self._file: BinaryIO = BytesIO()
        self._guarded(self._begin)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal a piece; nothing is passed on."""
        self._size += len(raw_data)
        if self._size > most_bytes():
            self._give_up(UploadError("too_large", most=settings.UPLOAD_MAX_MB))
        if self._problem is None:
            self._guarded(partial(self._writer.write, raw_data))

    def file_complete(self, file_size: int) -> SealedUpload:
        """The finished file, or an empty one that says what is wrong."""
        if self._problem is None:
            self._guarded(self._writer.finish)
        plain = BytesIO() if self._problem else opened(self._file, self._key)
        upload = SealedUpload(cast(Any, plain), self.file_name, self.content_type, file_size, self.charset)
        upload.problem = self._problem
        return upload

    def upload_interrupted(self) -> None:
        """The browser went away: the file without a name goes with its handle."""
        self._file.close()

    def _begin(self) -> None:
        root().mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=root()))
        self._writer = SealingWriter(self._file, self._key)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            self._give_up(UploadError("no_room"))

    def _give_up(self, problem: UploadError) -> None:
        if self._problem is None:
            self._problem = problem
            # Closing writes what was buffered, for which there may be no room either.
            with suppress(OSError):
                self._file.close()
