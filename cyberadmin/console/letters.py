"""The letter that asks Cyberimpact to activate the API, in French and in English whatever language the page speaks.

It must come from the technical or the billing contact and name the business or the account (product.md S13); newer help
pages say that the Plus and Pro plans include the API, so the letter asks about both.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from cyberadmin.accounts.models import Account


@dataclass(frozen=True)
class Letter:
    """A letter in one language, as plain text."""

    language: str
    language_name: str
    subject: str
    body: str

    @property
    def text(self) -> str:
        """Subject and body, as they are copied or downloaded."""
        return f"{self.subject}\n\n{self.body}\n"


def api_letter(account: Account, language: str) -> Letter:
    """The letter for one client in `language`, a key of Account.Language."""
    named = {"account": account.expected_name or account.name}
    with override(language):
        paragraphs = [
            _("Hello,"),
            _(
                "I am the technical or billing contact of the Cyberimpact account “%(account)s”. Please activate the API "
                "on this account: the agency that sends our e-mails for us will work with it through API tokens."
            )
            % named,
            _(
                "According to your help pages, the Plus and Pro plans include the API. If our plan includes it already, "
                "please tell me where I find the menu Developers, API tokens. If we need another plan, please tell me "
                "which one."
            ),
            _("Name of the account: %(account)s") % named,
            _("My name, title and telephone number:"),
            _("Thank you."),
        ]
        subject = _("Activation of the API for the account “%(account)s”") % named
        return Letter(language, str(Account.Language(language).label), subject, "\n\n".join(paragraphs))


def api_letters(account: Account) -> list[Letter]:
    """Both letters, the one in the client's main language first."""
    languages = sorted(Account.Language.values, key=lambda language: language != account.language)
    return [api_letter(account, language) for language in languages]
