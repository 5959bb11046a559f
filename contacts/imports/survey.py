"""One pass over the whole file before the plan: how many rows, what the columns prove about dates, what is broken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .columns import Custom
from .dates import Evidence
from .reading import Source


@dataclass
class Survey:
    """What the file holds. `rows` are all that come out of `Source.rows()`; `faults` counts their codes."""

    rows: int = 0
    evidence: dict[int, Evidence] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def must_ask(self) -> bool:
        """Whether a person has to say if the day or the month comes first."""
        return any(evidence.must_ask for evidence in self.evidence.values())

    def orders(self, chosen: str = "") -> dict[int, str]:
        """The order of days in each column: what the column proves, else what the person said ("day" or "month")."""
        return {column: evidence.order or chosen for column, evidence in self.evidence.items()}


def survey(source: Source, mapping: Mapping[int, str], customs: Sequence[Custom] = ()) -> Survey:
    """Read everything once, with flat memory. Raises Refused when the file turns out to be unreadable."""
    dates = {"birth_date", "consent_on", *(custom.target for custom in customs if custom.type == "date")}
    found = Survey(evidence={column: Evidence() for column, target in mapping.items() if target in dates})
    for row in source.rows():
        found.rows += 1
        if row.faults:
            found.faults.update(row.faults.values())
        for column, evidence in found.evidence.items():
            if column < len(row.cells) and (cell := row.cells[column].strip()):
                evidence.take(cell)
    return found
