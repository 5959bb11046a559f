"""What staff write (campaigns, editions, approvals) and the mirror of mailings with their results."""

from .mailing import Mailing, MailingRecipient, RecipientList
from .person import PersonMailing, PersonReading
from .writing import Approval, Campaign, ClientIdentity, Confirmation, Edition, EditionGroup

__all__ = [
    "Approval",
    "Campaign",
    "ClientIdentity",
    "Confirmation",
    "Edition",
    "EditionGroup",
    "Mailing",
    "MailingRecipient",
    "PersonMailing",
    "PersonReading",
    "RecipientList",
]
