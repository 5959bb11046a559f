"""Batches: bulk jobs of the vendor, submitted and then polled (api/README.md 4.9)."""

from cyberadmin.api.calls import Answer, Caller
from cyberadmin.api.types import Batch, BatchWrite


class BatchEndpoints:
    """/batches."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, batch: BatchWrite) -> Batch:
        """Queue a batch; its result comes later, by `get`."""
        return self._caller.call("POST", "/batches", _parse_batch, body=batch.to_json())

    def get(self, id: int) -> Batch:
        """A batch and, once finished, its result."""
        return self._caller.call("GET", "/batches/{id}", _parse_batch, fill={"id": id})


def _parse_batch(answer: Answer) -> Batch:
    return Batch.from_json(answer.json)
