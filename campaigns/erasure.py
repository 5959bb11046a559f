"""What mailings hold of a person who is erased: their rows in lists of recipients; the counts of each list stay."""

from campaigns.models import MailingRecipient
from cyberadmin.accounts.models import Account
from cyberadmin.sync.mirror import writing


def of_person(account: Account, email_key: str) -> int:
    """Delete the person's rows of one client; returns how many."""
    with writing():
        deleted, _by_model = MailingRecipient.objects.filter(account=account, email_key=email_key).delete()
    return deleted
