"""The sealed files of exports: where they lie, and how they go."""

from django.db.models import QuerySet

from cyberadmin.sync.uploads import Store

from .models import ExportJob

STORE = Store("exports", unlimited=True)


def folder(job: ExportJob) -> int:
    """Whose file it is, for the store: the client's number; 0 for a file that holds several."""
    return job.account_id or 0


def holds(job: ExportJob, account_id: int) -> bool:
    """Whether a file that is ready has lines of this client."""
    return job.account_id == account_id if job.account_id else job.covers is None or account_id in job.covers


def delete(jobs: QuerySet[ExportJob]) -> int:
    """Delete the files of these exports; how many. The rows stay, for the history."""
    gone = list(jobs.filter(state=ExportJob.State.READY))
    for job in gone:
        STORE.delete(folder(job), job.stored_name)
        ExportJob.objects.filter(pk=job.pk).update(state=ExportJob.State.GONE, stored_name="", query="")
    return len(gone)


def forget_client(account_id: int) -> int:
    """Delete the files over several clients that hold this one, who has left; how many."""
    several = ExportJob.objects.filter(account=None, state=ExportJob.State.READY)
    held = [job.pk for job in several if holds(job, account_id)]
    return delete(several.filter(pk__in=held))
