"""What each kind of history entry says, as the rest of a sentence that begins with who did it.

A closed table: whatever `audit.record` is given anywhere stands here (tests/history/test_words.py finds the calls). The
placeholders name what the entry recorded; `values.py` puts it into words. An entry made by an older version may lack one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy


class Kind(StrEnum):
    """What the timeline can be narrowed to."""

    CHANGE = "change"
    DECISION = "decision"
    SEND = "send"
    EXPORT = "export"
    TOKEN = "token"  # noqa: S105
    CLIENT = "client"
    PEOPLE = "people"
    LOGIN = "login"
    REFUSAL = "refusal"


KINDS: dict[Kind, str | Promise] = {
    Kind.CHANGE: lazy("edits"),
    Kind.DECISION: lazy("decisions and bulk changes"),
    Kind.SEND: lazy("campaigns and mailings"),
    Kind.EXPORT: lazy("exports and opened files"),
    Kind.TOKEN: lazy("tokens"),
    Kind.CLIENT: lazy("clients and their settings"),
    Kind.PEOPLE: lazy("staff and their rights"),
    Kind.LOGIN: lazy("log-ins"),
    Kind.REFUSAL: lazy("refusals"),
}
ICONS = {
    Kind.CHANGE: "edit",
    Kind.DECISION: "rule",
    Kind.SEND: "send",
    Kind.EXPORT: "download",
    Kind.TOKEN: "key",
    Kind.CLIENT: "settings",
    Kind.PEOPLE: "badge",
    Kind.LOGIN: "login",
    Kind.REFUSAL: "block",
}


@dataclass(frozen=True)
class Words:
    """The kind of an entry and the rest of its sentence."""

    kind: Kind
    said: str | Promise


def _table(kind: Kind, **said: Any) -> dict[str, Words]:
    return {name.replace("__", "."): Words(kind, text) for name, text in said.items()}


WORDS: dict[str, Words] = {
    **_table(
        Kind.DECISION,
        change__retry=lazy("had the change of %(object)s tried again"),
        change__discard=lazy("discarded the change of %(object)s"),
        conflict__decided=lazy("decided the conflict about %(object)s: %(fields)s"),
        conflict__recreate=lazy("had %(object)s made again at Cyberimpact"),
        conflict__let_go=lazy("let %(object)s go, which is no longer at Cyberimpact"),
        create__adopted=lazy("linked %(object)s with number %(remote_id)s at Cyberimpact"),
        create__again=lazy("had the creation of %(object)s sent again"),
        sweep__approved=lazy("let %(total)s vanished objects go here as well"),
        sweep__dismissed=lazy("kept %(total)s vanished objects"),
        bulk__drafted=lazy("began a bulk change: %(kind)s"),
        bulk__plan=lazy("had a bulk change planned: %(kind)s"),
        bulk__replanned=lazy("had a bulk change planned anew: %(kind)s"),
        bulk__asked=lazy("asked for the approval of a bulk change: %(kind)s"),
        bulk__approved=lazy("approved a bulk change: %(kind)s"),
        bulk__applied=lazy("applied a bulk change: %(kind)s"),
        bulk__paused=lazy("paused a bulk change: %(kind)s"),
        bulk__resumed=lazy("let a bulk change go on: %(kind)s"),
        bulk__cancelled=lazy("cancelled a bulk change: %(kind)s"),
        bulk__stopped=lazy("stopped bulk change %(change_set)s by itself"),
        bulk__ended=lazy("came to the end of bulk change %(change_set)s"),
        bulk__alarm=lazy("raised an alarm: Cyberimpact did something in bulk change %(change_set)s that it must not"),
        bulk__overlap_known=lazy("said that the people of an import may be known to another client as well"),
        address__erased=lazy("erased a person"),
        case__opened=lazy("opened legal case %(case)s"),
        case__identified=lazy("noted how the person of legal case %(case)s was identified"),
        case__client_added=lazy("added this client to legal case %(case)s"),
        case__decided=lazy("decided for this client in legal case %(case)s"),
        case__step=lazy("carried a step of legal case %(case)s out"),
        case__held=lazy("held legal case %(case)s, since who decided has lost the right"),
        case__ended=lazy("came to the end of legal case %(case)s for this client"),
        case__acknowledgement_sent=lazy("noted that legal case %(case)s was acknowledged"),
        case__answer_sent=lazy("noted that legal case %(case)s was answered"),
        installation__restored=lazy("noticed that the database is a restored backup, and held back all sending"),
        installation__goes_on=lazy(
            "let sending go on after the restored backup; %(changes_stopped)s changes were stopped"
        ),
    ),
    **_table(
        Kind.SEND,
        campaign__created=lazy("began the campaign “%(name)s”"),
        campaign__deleted=lazy("deleted the campaign “%(name)s”"),
        campaign__asked=lazy("asked for the approval of campaign %(campaign)s"),
        campaign__approved=lazy("approved campaign %(campaign)s"),
        campaign__refused=lazy("refused to approve campaign %(campaign)s"),
        campaign__withdrawn=lazy("took the approval of campaign %(campaign)s back"),
        campaign__scheduled=lazy("scheduled campaign %(campaign)s"),
        campaign__tested=lazy("sent a test of campaign %(campaign)s"),
        mailing__cancelled=lazy("cancelled the mailing “%(subject)s”"),
        mailing__moved=lazy("moved mailing %(mailing)s to %(send_at)s"),
        client__identity=lazy(
            "changed the client's identification in mailings to %(name)s, %(postal_address)s, %(contact)s"
        ),
    ),
    **_table(
        Kind.EXPORT,
        consent__exported=lazy("downloaded the consents of %(object)s"),
        case__exported=lazy("downloaded the file of the person of legal case %(case)s (%(form)s)"),
        case__proof_opened=lazy("opened the request of legal case %(case)s"),
        case__certificate=lazy("downloaded the certificate of legal case %(case)s"),
        consent__proof_opened=lazy("opened a proof of consent"),
        export__made=lazy("exported a list (%(source)s, %(form)s): %(rows)s rows"),
        export__downloaded=lazy("downloaded an export (%(source)s, %(form)s): %(rows)s rows"),
        offboarding__asked=lazy("asked for the file of the leaving client (%(form)s)"),
        offboarding__exported=lazy("made the file of the leaving client (%(form)s): %(rows)s rows"),
        offboarding__downloaded=lazy("downloaded the file of the leaving client (SHA-256 %(sha256)s)"),
        offboarding__certificate=lazy("downloaded the certificate of destruction of %(client)s"),
        bulk__exported=lazy("downloaded rows of bulk change %(change_set)s"),
        call__bundle=lazy("made a support bundle of the call %(method)s %(path)s"),
        letter__made=lazy("made the letter that asks for the API of “%(expected_name)s”"),
    ),
    **_table(
        Kind.TOKEN,
        token__proposed=lazy("brought %(kind)s (fingerprint %(credential)s)"),
        token__checked_again=lazy("had a token checked again (fingerprint %(credential)s)"),
        token__asked=lazy("asked Cyberimpact for a new token"),
        token__made=lazy("got a new token from Cyberimpact (fingerprint %(credential)s)"),
        token__not_made=lazy("got no new token from Cyberimpact: %(refusal)s"),
        token__changed=lazy("put %(kind)s into use (fingerprint %(credential)s)"),
        token__refused=lazy("brought a token that was refused: %(refusal)s"),
        token__dead=lazy("saw that a replaced token is dead (fingerprint %(credential)s)"),
        token__forgotten=lazy("forgot a token for good (fingerprint %(credential)s)"),
    ),
    **_table(
        Kind.CLIENT,
        account__created=lazy("began to take this client on"),
        account__confirmed=lazy("confirmed that the account “%(vendor_name)s” at Cyberimpact is this client's"),
        account__cancelled=lazy("gave up connecting this client"),
        account__edited=lazy("changed the client's settings"),
        account__taken_on=lazy("finished taking this client on"),
        account__host=lazy("changed the host"),
        account__renamed_there=lazy("saw that the account has another name at Cyberimpact"),
        account__paused=lazy("paused the client"),
        account__resumed=lazy("let the client go on"),
        account__retention=lazy("changed for how long this client's data is kept"),
        offboarding__begun=lazy("began to off-board this client, as asked for by %(asked_by)s"),
        offboarding__stopped=lazy("gave up the off-boarding of this client"),
        offboarding__not_exported=lazy("decided that the leaving client gets no file"),
        offboarding__cancelled=lazy("cancelled %(mailings)s of %(total)s scheduled mailings of the leaving client"),
        offboarding__kept=lazy("kept %(mailings)s scheduled mailings of the leaving client"),
        offboarding__discarded=lazy("discarded %(changes)s waiting changes of the leaving client"),
        offboarding__handed_over=lazy("handed %(changes)s waiting changes over to the leaving client"),
        offboarding__revoked=lazy("retired the token of the leaving client (fingerprints %(credentials)s)"),
        offboarding__purge=lazy("had everything of this client destroyed"),
        offboarding__ended=lazy("came to the end of the purge of %(client)s: %(rows)s rows and files"),
        sender__added=lazy("noted the validated sender %(address)s"),
        sender__removed=lazy("removed the validated sender %(address)s"),
    ),
    **_table(
        Kind.PEOPLE,
        access__set=lazy("gave %(user)s this role: %(role)s"),
        person__edited=lazy("changed the log-in of %(user)s"),
        person__disabled=lazy("closed the log-in of %(user)s"),
        person__enabled=lazy("opened the log-in of %(user)s again"),
        person__left=lazy("closed out %(user)s, who leaves (clients: %(clients)s)"),
        invitation__made=lazy("invited %(email)s (%(role)s)"),
        invitation__revoked=lazy("took back the invitation of %(email)s"),
        invitation__used=lazy("accepted the invitation to %(email)s"),
        second_factor__policy=lazy("decided who must have a second factor: %(who)s"),
        second_factor__required=lazy("decided whether %(user)s must have a second factor: %(required)s"),
        second_factor__reset=lazy("took away the second factor of %(user)s"),
    ),
    **_table(
        Kind.LOGIN,
        login=lazy("logged in from %(address)s"),
        logout=lazy("logged out"),
        session__ended=lazy("ended one of their own log-ins"),
        sessions__ended=lazy("ended the log-ins of %(user)s (%(sessions)s)"),
        digest__asked=lazy("asked for what needs them by e-mail"),
        digest__stopped=lazy("stopped the e-mail of what needs them"),
        password__changed=lazy("changed their password"),
        password__changed_by_link=lazy("chose a new password by a link"),
        password__link_made=lazy("made a link by which %(user)s chooses a new password"),
        second_factor__enrolled=lazy("set up a second factor"),
        second_factor__recovery_used=lazy("used a recovery code; %(left)s are left"),
        second_factor__codes_made=lazy("made new recovery codes"),
        second_factor__removed=lazy("turned their second factor off"),
    ),
    **_table(
        Kind.REFUSAL,
        login__refused=lazy("refused a log-in as “%(user)s” from %(address)s"),
        login__throttled=lazy("refused more tries to log in as “%(user)s” from %(address)s"),
        password__refused=lazy("typed a wrong password when asked for it again"),
        second_factor__refused=lazy("typed a code that does not fit"),
        page__refused=lazy("was refused a page: %(method)s %(page)s"),
        page__refused_often=lazy("was refused so many pages that the next ones of this hour are not listed"),
    ),
}


#: What an edit of a mirrored object says, by its verb.
EDITS: dict[str, str | Promise] = {
    "create": lazy("created %(object)s"),
    "update": lazy("edited %(object)s"),
    "regroup": lazy("changed the groups of %(object)s"),
    "unsubscribe": lazy("unsubscribed %(object)s"),
    "optin": lazy("had %(object)s asked for consent"),
    "consent": lazy("set the consent of %(object)s"),
    "empty": lazy("emptied %(object)s"),
    "delete": lazy("deleted %(object)s"),
}


def words(action: str) -> Words:
    """What an entry says; its own code for one that a newer or older version made."""
    return WORDS.get(action, Words(Kind.CLIENT, action.replace("%", "%%")))


def actions(kind: Kind) -> list[str]:
    """The codes of one kind."""
    return [action for action, found in WORDS.items() if found.kind == kind]
