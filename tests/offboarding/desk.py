"""Off-boardings as tests take them, and all that a database and the store hold."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection

from cyberadmin.accounts.models import Account
from cyberadmin.cases import services as cases
from cyberadmin.cases.models import CasePart
from cyberadmin.offboarding import purging, services, standing
from cyberadmin.offboarding.models import OffBoarding, Work
from cyberadmin.sync.models import Change, ChangeSet


def begin(actor: User, account: Account) -> OffBoarding:
    """The client says that they leave."""
    return services.begin(actor, account, "They take it in house", None, "Luce Roy, by e-mail")


def ready_to_purge(actor: User, account: Account) -> OffBoarding:
    """Everything is settled and the token dead, as far as an administrator decides it without the vendor."""
    off_boarding = begin(actor, account)
    services.skip_file(actor, off_boarding, "has it")
    Change.objects.filter(account=account).update(state=Change.State.CANCELLED)
    ChangeSet.objects.filter(account=account).update(state=ChangeSet.State.CANCELLED)
    for part in CasePart.objects.filter(account=account, state__in=CasePart.OPEN):
        cases.decide(actor, part, CasePart.Decision.REFUSE, "MARK refused", CasePart.Ground.ABUSIVE)
        CasePart.objects.filter(pk=part.pk).update(state=CasePart.State.REFUSED)
    account.credentials.update(secret="")
    services.revoke(actor, off_boarding, "they leave")
    assert standing.before_purging(off_boarding) == []
    return off_boarding


def purged(actor: User, account: Account) -> OffBoarding:
    """A client who has left."""
    off_boarding = ready_to_purge(actor, account)
    purging.run(services.purge(actor, off_boarding, account.name, "the mandate is over").pk)
    off_boarding.refresh_from_db()
    return off_boarding


def purge_work(off_boarding: OffBoarding) -> Work:
    work = standing.purge_of(off_boarding)
    assert work is not None
    return work


def tables_that_hold(text: str) -> set[str]:
    """Names of the tables in which a text stands anywhere, in any letter case."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if any(text.casefold() in repr(row).casefold() for row in cursor.fetchall()):
                found.add(table)
    return found
