"""What an import says in words: why a row or the file is refused, and what was chosen for the list."""

from django.utils.translation import gettext as _

from contacts.bulk import words
from contacts.models import Contact, ImportFile, Relation
from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.resource import Values

from . import reasons
from .judging import RELATION
from .problems import Problem


def sentence(reason: str, detail: Values) -> str:
    """The sentence of a verdict or of a refusal of the whole list; "" for one of the engine's."""
    if reason in ("cells", "columns_changed"):
        return " ".join(_problem(Problem.from_json(stored)) for stored in detail.get("problems", ()))
    if reason == "file_unreadable" and detail.get("code") in reasons.FILES:
        return reasons.refusal_of(str(detail["code"]), detail)
    return words.sentence(reason, detail)


def _problem(problem: Problem) -> str:
    where, said = reasons.where(problem), reasons.sentence(problem)
    if not where:
        return said
    named = {"where": where[:1].upper() + where[1:], "shown": problem.shown, "said": said}
    return (_("%(where)s (“%(shown)s”): %(said)s") if problem.shown else _("%(where)s: %(said)s")) % named


def facts(change_set: ChangeSet) -> list[tuple[str, str]]:
    """What was chosen for the list."""
    parameters = change_set.parameters
    file = ImportFile.objects.filter(change_set=change_set).first()
    found = [(_("File"), file.original_name if file else "")]
    if "relation" not in parameters:
        return found
    relation = str(parameters["relation"])
    named = str(Relation(relation).label) if relation in Relation.values else relation
    if RELATION in parameters.get("mapping", {}).values():
        named = _("as the file says; for rows without: %(relation)s") % {"relation": named or _("none")}
    given = parameters.get("consent_on")
    stated = [
        (_("Groups"), words.titles(change_set.account_id, parameters.get("groups", ())) or _("none")),
        (_("Relation"), named),
        (_("Consent given on"), words.day(given) if given else _("as the file says")),
        (_("How"), str(parameters.get("how", ""))),
        (_("Where"), str(parameters.get("place", ""))),
        (_("Proof"), str(parameters.get("proof", ""))),
        (
            _("Language where none is given"),
            str(dict(Contact.Language.choices).get(parameters.get("language", ""), "")),
        ),
    ]
    return [*found, *((name, value) for name, value in stated if value)]
