"""Which column holds what: recognised by its header in French or English, by the client's custom fields, by content.

A guess is only ever offered; it says how sure it is and why. Nothing that claims consent is ever preset, however clear the
header is (product.md 3d rule 4): such a guess is shown, and a person has to choose it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .problems import Problem, Row
from .words import ELSEWHERE, FULL_NAMES, HEADERS, INSIDE, plain

IGNORE = "ignore"
CUSTOM = "custom:"
#: Fields of a contact that a column can fill, in the order in which a form offers them.
TARGETS = (
    "email",
    "first_name",
    "last_name",
    "company",
    "gender",
    "language",
    "birth_date",
    "postal_code",
    "country",
    "note",
    "consent_relation",
    "consent_on",
    "consent_proof",
)
#: Never chosen for the person.
NEVER_PRESET = frozenset(("consent_relation", "consent_on", "consent_proof"))
#: Below this a guess is shown but not preset.
PRESET_FROM = 0.6
_ADDRESS = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+\.[^\s@<>;,]+")
_BY_HEADER = {name: target for target, names in HEADERS.items() for name in names}


@dataclass(frozen=True)
class Custom:
    """A custom field of the client: the vendor's number, its name, and its type (contacts.models.CustomField.Type)."""

    remote_id: int
    name: str
    type: str = "text"

    @property
    def target(self) -> str:
        """Its name as a target of a column."""
        return f"{CUSTOM}{self.remote_id}"


@dataclass(frozen=True)
class Guess:
    """What a column seems to be. `confidence` 0 to 1; `reason` is a code of reasons.GUESSES; `preset` = taken unless changed."""

    column: int
    target: str
    confidence: float = 0.0
    reason: str = "unknown"
    preset: bool = False


def recognise(header: str, customs: Iterable[Custom] = ()) -> tuple[str, float, str]:
    """(target, confidence, reason) for one header; ("ignore", 0, "unknown") when it says nothing."""
    name = plain(header)
    if not name:
        return IGNORE, 0.0, "unknown"
    for custom in customs:
        if plain(custom.name) == name:
            return custom.target, 1.0, "custom_field"
    if name in _BY_HEADER:
        return _BY_HEADER[name], 1.0, "header"
    if name in FULL_NAMES:
        return IGNORE, 0.0, "full_name"
    if not ELSEWHERE.search(name):
        for words, target in INSIDE:
            if re.search(rf"\b{words}\b", name):
                return target, 0.7, "part_of_header"
    return IGNORE, 0.0, "unknown"


def guess(header: Sequence[str], sample: Sequence[Row] = (), customs: Sequence[Custom] = ()) -> list[Guess]:
    """A guess for each column, in order. No two have the same target: of two, the surer, then the fuller, then the first."""
    found = [(index, *recognise(name, customs)) for index, name in enumerate(header)]
    shares = [_address_share(sample, index) for index in range(len(header))]
    best: dict[str, Guess] = {}
    guesses = [Guess(index, target, sure, why) for index, target, sure, why in found]
    if not any(item.target == "email" and shares[item.column] > 0.3 for item in guesses):
        guesses = [_by_content(item, shares[item.column]) for item in guesses]
    guesses = [_lone_name(item, guesses) for item in guesses]
    for item in sorted(guesses, key=lambda one: (-one.confidence, -_filled(sample, one.column), one.column)):
        if item.target != IGNORE:
            best.setdefault(item.target, item)
    return [_settled(item, best) for item in guesses]


def preset(guesses: Iterable[Guess]) -> dict[int, str]:
    """The mapping a form starts with: sure guesses only, and nothing that claims consent."""
    return {item.column: item.target for item in guesses if item.preset}


def header_key(header: Sequence[str]) -> str:
    """A key for remembering a mapping: equal for headers that differ only in case, accents and spaces. "" = no header."""
    names = [plain(name) for name in header]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest() if any(names) else ""


def check_mapping(mapping: Mapping[int, str], width: int, customs: Sequence[Custom] = ()) -> list[Problem]:
    """What is wrong with a mapping that a person chose or that was remembered: [] when it can be used."""
    problems: list[Problem] = []
    known = {*TARGETS, IGNORE, *(custom.target for custom in customs)}
    taken: dict[str, int] = {}
    for column, target in sorted(mapping.items()):
        if target not in known:
            problems.append(Problem("target_gone" if target.startswith(CUSTOM) else "target_unknown", column))
        elif not 0 <= column < width:
            problems.append(Problem("column_gone", column))
        elif target != IGNORE and target in taken:
            problems.append(Problem("target_twice", column, detail={"other": taken[target]}))
        taken.setdefault(target, column)
    if "email" not in taken:
        problems.append(Problem("no_email_column"))
    return problems


def has_address(cell: str) -> bool:
    """Whether something like an address stands in a cell; a very long one is not searched through."""
    return "@" in cell and bool(_ADDRESS.search(cell[:1000]))


def _by_content(item: Guess, share: float) -> Guess:
    if share > 0.5 and item.target != "email":
        return Guess(item.column, "email", 0.5 + share / 2.5, "content")
    return item


def _lone_name(item: Guess, guesses: Sequence[Guess]) -> Guess:
    """A column "Nom" without a "Prénom" beside it may hold whole names: say so and leave it to the person."""
    alone = item.target == "last_name" and not any(other.target == "first_name" for other in guesses)
    return Guess(item.column, "last_name", 0.5, "full_name") if alone else item


def _settled(item: Guess, best: Mapping[str, Guess]) -> Guess:
    if item.target == IGNORE:
        return item
    if best[item.target] is not item:
        return Guess(item.column, IGNORE, item.confidence, "second_of_kind")
    if item.target in NEVER_PRESET:
        return Guess(item.column, item.target, item.confidence, "consent_to_choose")
    return Guess(item.column, item.target, item.confidence, item.reason, preset=item.confidence >= PRESET_FROM)


def _address_share(sample: Sequence[Row], column: int) -> float:
    cells = [row.cells[column] for row in sample if column < len(row.cells) and row.cells[column].strip()]
    return sum(1 for cell in cells if has_address(cell)) / len(cells) if cells else 0.0


def _filled(sample: Sequence[Row], column: int) -> int:
    return sum(1 for row in sample if column < len(row.cells) and row.cells[column].strip())
