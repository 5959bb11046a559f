"""Who uses a template: apps above this one register a question here, since this app knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass

from .models import EmailTemplate


@dataclass(frozen=True)
class Use:
    """One thing made from a template: what staff call it, and its page ("" = none)."""

    label: str
    address: str = ""


Question = Callable[[EmailTemplate], list[Use]]
_questions: list[Question] = []


def register(question: Question) -> None:
    """Have `question` asked before a template is deleted; call it in `AppConfig.ready()`."""
    if question not in _questions:
        _questions.append(question)


def of(template: EmailTemplate) -> list[Use]:
    """Everything known to be made from this template."""
    return [use for question in _questions for use in question(template)]
