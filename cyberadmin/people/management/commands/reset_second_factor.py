"""`manage.py reset_second_factor NAME`: for the only administrator who lost phone and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from cyberadmin.people import factors


class Command(BaseCommand):
    help = "Take a person's second factor away and end their sessions; they set a new one up at the next log-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--why", required=True, help="kept in the history")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None or not factors.has_factor(user):
            raise CommandError("There is no such log-in, or it has no second factor.")
        factors.reset(None, user, options["why"])
        self.stdout.write(
            "Done. The next log-in asks for the password alone, and for a new second factor if one is due."
        )
