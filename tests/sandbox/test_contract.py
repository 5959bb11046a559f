"""The sandbox against the contract file with data made by schemathesis, valid and invalid.

Every answer must be one the contract allows, wrong data must be refused, other methods and missing credentials too.
Positive data may be refused as well (a group or a field that does not exist): no schema can know those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cyberadmin.sandbox.routes import TEMPLATES, methods_of
from tests.sandbox.conftest import VendorApi
from tests.sandbox.contract import CONTRACT, assert_is, assert_matches, document
from tests.sandbox_server import SandboxServer

EXAMPLES = 12

contract = schemathesis.openapi.from_path(str(CONTRACT))
contract.config.generation.modes = list(GenerationMode)
contract.config.generation.deterministic = True


class World:
    """An account with something under every kind of key: always the same to read, made anew for what may use it up."""

    def __init__(self, api: VendorApi) -> None:
        self.api = api
        self.group = api.group("Contrat")
        self.counts: Counter[str] = Counter()
        self._kept: dict[str, dict[str, object]] = {}
        # One connection for all cases; without the token, which some checks leave out.
        self.session = requests.Session()
        self.session.trust_env = False

    def real_keys(self, method: str, template: str) -> dict[str, object]:
        """Values for the placeholders of a template that exist at this moment."""
        if method != "GET":
            return self._made(template)
        if template not in self._kept:
            self._kept[template] = self._made(template)
        return self._kept[template]

    def _made(self, template: str) -> dict[str, object]:
        number = sum(self.counts.values())
        if template == "/mailings/{id}":
            later = self.api.control("POST", "mailings", subject="X", groups=[self.group], scheduledOn="2100-01-01")
            return {"id": later["id"]}
        if template.startswith("/mailings/"):
            return {"id": self._sent(f"reader{number}@example.com")}
        if template.startswith("/templates/"):
            return {"id": self.api.post("/templates", 201, title=f"Gabarit {number}", bodyText="x")["id"]}
        if template.startswith("/groups/"):
            return {"id": self.api.group(f"Groupe {number}")}
        if template.startswith("/batches/"):
            return {"id": self.api.post("/batches", 201, batchType="unsubscribe", ids=[number])["id"]}
        email = f"case{number}@example.com"
        self.api.member(email, groups=str(self.group))
        if template.startswith("/members/unsubscribed/"):
            self.api.call("POST", f"/members/unsubscribed/{email}")
        return {"key": email, "groupId": self.group}

    def _sent(self, email: str) -> int:
        """A mailing with somebody in almost every list of recipients."""
        self.api.member(email, groups=str(self.group))
        body = '<a href="https://www.example.org/a">a</a>'
        made = self.api.control("POST", "mailings", subject="Envoi", groups=[self.group], sent=True, bodyHtml=body)
        for kind in ("open", "click", "soft_bounce", "hard_bounce", "unsubscribe"):
            self.api.control("POST", f"mailings/{made['id']}/outcome", email=email, kind=kind)
        return int(made["id"])


@pytest.fixture(scope="module")
def world(stand_in: SandboxServer, record_testsuite_property: Callable[[str, object], None]) -> Iterator[World]:
    world = World(VendorApi(stand_in, stand_in.new_account("Contrat")))
    yield world
    world.api.session.close()
    world.session.close()
    record_testsuite_property("schemathesis", f"{sum(world.counts.values())} cases: {dict(world.counts)}")


@contract.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_answers_conform(case: Any, world: World) -> None:
    positive = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    if positive and case.path_parameters and sum(world.counts.values()) % 2:
        real = world.real_keys(case.method, case.operation.path)
        case.path_parameters.update({name: real[name] for name in case.path_parameters if name in real})
    answer = case.call_and_validate(
        base_url=world.api.server.base_url,
        headers={"Authorization": world.api.session.headers["Authorization"]},
        excluded_checks=[positive_data_acceptance],
        session=world.session,
        timeout=20,
    )
    world.counts[f"{'valid' if positive else 'invalid'} {answer.status_code}"] += 1


def test_every_operation_is_there() -> None:
    """52 operations, two of them older paths: the sandbox's table of routes is the contract's."""
    wanted = {
        (path, name.upper(), operation["operationId"])
        for path, methods in document()["paths"].items()
        for name, operation in methods.items()
        if name != "parameters"
    }
    served = {
        (route.template, route.method, route.operation)
        for template in TEMPLATES
        for route in methods_of(template).values()
    }
    assert len(wanted) == 52
    assert served == wanted


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
