"""Frozen dataclasses at the border: JSON becomes these at once, so a changed vendor field breaks in one place."""

from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types.account import NewToken, Ping
from cyberadmin.api.types.batches import (
    AddMembers,
    Batch,
    BatchError,
    BatchMember,
    BatchResult,
    BatchWrite,
    DeleteMembers,
    UnsubscribeMembers,
)
from cyberadmin.api.types.fields import TORONTO, UNSET, CustomValue, Unset
from cyberadmin.api.types.groups import CustomField, Group, MemberGroup
from cyberadmin.api.types.mailings import (
    ArchivedMailing,
    GroupRef,
    Mailing,
    MailingDetail,
    MailingLink,
    MailingWrite,
    ScheduledMailing,
    SentMailing,
)
from cyberadmin.api.types.members import (
    BouncedMember,
    Consent,
    ConsentWrite,
    ContactFields,
    CustomWrite,
    Member,
    MemberMailing,
    MemberWrite,
    UnsubscribedMember,
    Unsubscription,
)
from cyberadmin.api.types.recipients import RECIPIENT_KINDS, Recipient, RecipientKind
from cyberadmin.api.types.templates import Template, TemplateSummary, TemplateWrite
from cyberadmin.api.types.wall_time import DoubledTime, SkippedTime, wall_time

__all__ = [
    "ArchivedMailing",
    "GroupRef",
    "Mailing",
    "MailingDetail",
    "MailingLink",
    "MailingWrite",
    "ScheduledMailing",
    "SentMailing",
    "RECIPIENT_KINDS",
    "Recipient",
    "RecipientKind",
    "Template",
    "TemplateSummary",
    "TemplateWrite",
    "DoubledTime",
    "SkippedTime",
    "wall_time",
    "TORONTO",
    "UNSET",
    "AddMembers",
    "Batch",
    "BatchError",
    "BatchMember",
    "BatchResult",
    "BatchWrite",
    "BouncedMember",
    "Consent",
    "ConsentWrite",
    "ContactFields",
    "CustomField",
    "CustomValue",
    "CustomWrite",
    "DeleteMembers",
    "Group",
    "Member",
    "MemberGroup",
    "MemberMailing",
    "MemberWrite",
    "NewToken",
    "Ping",
    "SchemaError",
    "UnsubscribeMembers",
    "UnsubscribedMember",
    "Unset",
    "Unsubscription",
]
