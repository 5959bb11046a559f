"""The sandbox against the contract file with data made by schemathesis, valid and invalid.

Every answer must be one the contract allows, wrong data must be refused, other methods and missing credentials too.
Positive data may be refused as well (a group or a field that does not exist): no schema can know those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.sandbox.conftest import VendorApi
from tests.sandbox.contract import CONTRACT, assert_is, assert_matches, document
from tests.sandbox_server import SandboxServer

OUT_OF_SCOPE = ("Mailings", "Templates")
LEGACY_MAILINGS = "listMailingHardBouncesLegacy"
EXAMPLES = 12

contract = schemathesis.openapi.from_path(str(CONTRACT))
contract.config.generation.modes = list(GenerationMode)
contract.config.generation.deterministic = True
in_scope = contract.exclude(tag=OUT_OF_SCOPE[0]).exclude(tag=OUT_OF_SCOPE[1]).exclude(operation_id=LEGACY_MAILINGS)


class World:
    """An account with something under every kind of key, made anew when a case used it up."""

    def __init__(self, api: VendorApi) -> None:
        self.api = api
        self.group = api.group("Contrat")
        self.counts: Counter[str] = Counter()

    def real_keys(self, template: str) -> dict[str, object]:
        """Values for the placeholders of a template that exist at this moment."""
        number = sum(self.counts.values())
        if template.startswith("/groups/"):
            return {"id": self.api.group(f"Groupe {number}")}
        if template.startswith("/batches/"):
            return {"id": self.api.post("/batches", 201, batchType="unsubscribe", ids=[number])["id"]}
        email = f"case{number}@example.com"
        self.api.member(email, groups=str(self.group))
        if template.startswith("/members/unsubscribed/"):
            self.api.call("POST", f"/members/unsubscribed/{email}")
        return {"key": email, "groupId": self.group}


@pytest.fixture(scope="module")
def world(stand_in: SandboxServer, record_testsuite_property: Callable[[str, object], None]) -> Iterator[World]:
    world = World(VendorApi(stand_in, stand_in.new_account("Contrat")))
    yield world
    world.api.session.close()
    record_testsuite_property("schemathesis", f"{sum(world.counts.values())} cases: {dict(world.counts)}")


@in_scope.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_answers_conform(case: Any, world: World) -> None:
    positive = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    if positive and case.path_parameters and sum(world.counts.values()) % 2:
        real = world.real_keys(case.operation.path)
        case.path_parameters.update({name: real[name] for name in case.path_parameters if name in real})
    answer = case.call_and_validate(
        base_url=world.api.server.base_url,
        headers={"Authorization": world.api.session.headers["Authorization"]},
        excluded_checks=[positive_data_acceptance],
        timeout=20,
    )
    world.counts[f"{'valid' if positive else 'invalid'} {answer.status_code}"] += 1


def test_every_operation_in_scope_is_there() -> None:
    """32 operations: what the contract has without mailings and templates."""
    operations = [
        operation["operationId"]
        for methods in document()["paths"].values()
        for name, operation in methods.items()
        if name != "parameters" and not set(OUT_OF_SCOPE) & set(operation["tags"])
    ]
    assert len([one for one in operations if one != LEGACY_MAILINGS]) == 32


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"members": []}), (204, None), (200, {"members": [{}], "totalCount": 1, "page": 1, "limit": 1, "sort": ""}),
     (404, {"message": 5})],
)  # fmt: skip
def test_the_checker_refuses_what_the_contract_does_not_allow(status: int, body: object) -> None:
    with pytest.raises(AssertionError):
        assert_matches("GET", "/members", status, body)


def test_the_checker_takes_paths_and_templates() -> None:
    for path in ("/members/12/consent", "/members/a%40b.ca/consent", "/members/{key}/consent"):
        consent = dict.fromkeys(("relationType", "consentDate", "consentExpiration", "consentProof"))
        assert_matches("GET", path, 200, {"consentType": "express", **consent})
    with pytest.raises(LookupError):
        assert_matches("GET", "/nope", 200, {})
    assert_is("StatusMap", {"5": "deleted"})
