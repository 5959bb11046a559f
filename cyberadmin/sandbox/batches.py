"""Handlers of /batches: a body is checked and queued; batch_runner.py carries it out when its time comes."""

from __future__ import annotations

import orjson

from cyberadmin.sandbox.bodies import FIELD_ID, known_groups
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.consent import RELATIONS
from cyberadmin.sandbox.dates import parse_day
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.lists import bad_parameter
from cyberadmin.sandbox.people import numeric_id
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply, invalid, not_found

TYPES = ("addMembers", "unsubscribe", "deleteMembers")
ROW_TEXTS = (
    "firstname", "lastname", "company", "email", "gender", "language", "postalCode", "country", "note", "birthdate",
    "consentDate", "consentProof",
)  # fmt: skip
PROOF_LENGTH = 255
BOOLEANS = {"": False, "0": False, "1": True, "true": True, "false": False}


def create_batch(call: Call) -> Reply:
    """Queues a job: status NEW, result null, the body echoed (api/README.md 4.9)."""
    body = call.body()
    kind = body.get("batchType")
    if kind == "addMembers":
        rows = _check_add(call, body)
    elif kind in TYPES:
        rows = _check_ids(call, body)
    else:
        raise call.schema_mismatch()
    cap = int(call.settings.amount("batch_cap"))
    if cap and rows > cap:
        raise ApiProblem(call.settings.status("batch_cap_status"), f"A batch holds at most {cap} entries")
    starts = call.now + int(1000 * (call.settings.amount("batch_start_seconds") + _late(call)))
    ends = starts + int(1000 * call.settings.amount("batch_run_seconds"))
    cursor = call.conn.execute(
        "INSERT INTO batches (account_id, type, body, created_on, starts_on, ends_on, stuck, hidden, twist)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.account.id,
            kind,
            orjson.dumps(body).decode(),
            call.now,
            starts,
            ends,
            bool(call.hints.get("batch_stuck")),
            bool(call.hints.get("batch_hidden")),
            str(call.hints.get("batch_result", "")),
        ),  # fmt: skip
    )
    batch_id = int(cursor.lastrowid or 0)
    call.record(Effect("batch", (batch_id,), batch_id=batch_id))
    answer: Json = {"id": batch_id, "batchType": kind, "batchJson": body, "createdOn": call.dates.text(call.now)}
    return Reply(201, {**answer, "status": "NEW", "result": None})


def _late(call: Call) -> float:
    return float(str(call.hints.get("batch_late", 0)))


def _check_add(call: Call, body: Json) -> int:
    members, groups = body.get("members"), body.get("groups", [])
    day, proof = body.get("defaultConsentDate"), body.get("defaultConsentProof", "")
    good = (
        body.get("relationType") in RELATIONS
        and isinstance(members, list)
        and isinstance(groups, list)
        and all(isinstance(one, int) and not isinstance(one, bool) for one in groups)
        and ("defaultConsentDate" not in body or isinstance(day, str))
        and isinstance(proof, str)
        and len(proof) <= PROOF_LENGTH
    )
    if not good or not isinstance(members, list) or not all(_is_row(one) for one in members):
        raise call.schema_mismatch()
    if isinstance(day, str) and not parse_day(day):
        raise invalid("defaultConsentDate", "must be a date, yyyy-mm-dd")
    known_groups(call, list(groups) if isinstance(groups, list) else [])
    return len(members)


def _is_row(row: object) -> bool:
    """Does an entry match the published schema of a batch member? Further keys are not forbidden."""
    if not isinstance(row, dict) or not isinstance(row.get("email"), str):
        return False
    custom = row.get("customFields", {})
    return (
        all(isinstance(row.get(name, ""), str) for name in ROW_TEXTS)
        and isinstance(custom, dict)
        and all(FIELD_ID.fullmatch(key) for key in custom)
        and all(isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in custom.values())
    )


def _check_ids(call: Call, body: Json) -> int:
    ids = body.get("ids")
    if not isinstance(ids, list):
        raise call.schema_mismatch()
    if not all(isinstance(one, (str, int)) and not isinstance(one, bool) for one in ids):
        raise call.schema_mismatch()
    return len(ids)


def get_batch(call: Call) -> Reply:
    details = _details_wanted(call)
    row = call.conn.execute(
        "SELECT id, type, body, created_on, starts_on, ends_on, result FROM batches"
        " WHERE id = ? AND account_id = ? AND hidden = 0",
        (numeric_id(call.params["id"]), call.account.id),
    ).fetchone()
    if row is None or _forgotten(call, row[5]):
        raise not_found()
    answer: Json = {
        "id": row[0],
        "batchType": row[1],
        "batchJson": orjson.Fragment(row[2]),
        "createdOn": call.dates.text(row[3]),
        "status": "NEW" if call.now < row[4] else "PROCESSING",
        "result": None,
    }
    if row[6] is not None:
        answer["status"] = call.settings.text("batch_end_state")
        answer["result"] = _shown(orjson.loads(row[6]), details=details)
    return Reply(200, answer)


def _details_wanted(call: Call) -> bool:
    text = call.request.parameter("showErrorDetails").lower()
    if text not in BOOLEANS:
        problem = bad_parameter(call, "showErrorDetails", "must be a boolean")
        if problem:
            raise problem
    return BOOLEANS.get(text, False) and call.settings.text("batch_error_details") == "list"


def _forgotten(call: Call, ends_on: int) -> bool:
    seconds = call.settings.amount("batch_retention_seconds")
    return bool(seconds) and call.now > ends_on + seconds * 1000


def _shown(result: Json, *, details: bool) -> Json:
    """``details`` on each error only when ``showErrorDetails`` asked for them (api/README.md 6, row 12)."""
    errors = result.get("errors")
    if not details and isinstance(errors, list):
        result["errors"] = [{key: value for key, value in one.items() if key != "details"} for one in errors]
    return result
