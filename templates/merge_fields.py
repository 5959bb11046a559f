"""Merge fields by name. The vendor's documents do not list them (api/README.md 4.8 shows `[CONTENU]` and no more), so
those are offered that the client's own templates use already.
"""

import re
from collections import Counter

from cyberadmin.accounts.models import Account

from .models import EmailTemplate

_FIELD = re.compile(r"\[[^\W\d_][\w '’.-]{1,48}\]")
#: How many templates are looked through, newest change first, and how many fields are offered.
TEMPLATES, MOST = 50, 40


def used_in(body: str) -> list[str]:
    """The merge fields of one body, each once, in their order."""
    return list(dict.fromkeys(_FIELD.findall(body)))


def known(account: Account) -> list[str]:
    """The merge fields that this client's templates use, the most used first."""
    rows = EmailTemplate.objects.filter(account=account, gone_at=None).order_by("-updated_on", "-pk")
    counted: Counter[str] = Counter()
    for html, text in rows.values_list("body_html", "body_text")[:TEMPLATES].iterator():
        counted.update(set(used_in(html)) | set(used_in(text)))
    return [field for field, _count in counted.most_common(MOST)]
