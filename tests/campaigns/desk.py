"""The staff of a campaign test: a client with two filled groups, a writer who may edit, and two who may send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns import approvals, confirming, sending, services
from campaigns.models import Campaign, Confirmation, Mailing
from cyberadmin.sync import clock
from groups.models import Group
from tests.world import World, give, make_user

HTML = (
    "<p>Bonjour, voici les nouvelles du mois pour vous et les vôtres dans la région, avec nos projets.</p>"
    '<p><a href="https://www.mrc-belle-rive.qc.ca/nouvelles">Lire la suite</a></p><img src="https://i.mrc.qc.ca/a.png" alt="Une rive">'
    "<p>MRC de Belle-Rive, 12, rue Principale, Belle-Rive (Québec) G0A 1A0</p>"
    '<p><a href="https://www.mrc-belle-rive.qc.ca/desabonnement">Se désabonner</a></p>'
)
TEXT = "Bonjour. MRC de Belle-Rive, 12, rue Principale, Belle-Rive (Québec) G0A 1A0. Désabonnement : voir le site."


@dataclass
class CampaignDesk:
    """Writes, approves and schedules in one world."""

    world: World
    people: Group
    one: Group
    english: Group
    writer: User
    sender: User
    other_sender: User
    numbers: Any = field(default_factory=lambda: iter(range(1, 1_000_000)))

    @classmethod
    def build(cls, world: World, people: int = 3) -> CampaignDesk:
        """A client whose two groups the vendor and the mirror both have."""
        emails = [f"personne{number}@example.com" for number in range(people)]
        for email in emails:
            world.remote_member(email, language="fr_ca")
        world.remote_group("Abonnés", emails)
        world.remote_group("Essai", emails[:1])
        world.remote_member("someone@example.com", language="en_ca")
        world.remote_group("Subscribers", ["someone@example.com"])
        world.pull()
        services.set_identity(
            world.editor, world.account, "MRC de Belle-Rive", "12, rue Principale", "www.mrc-belle-rive.qc.ca"
        )
        senders = [give(make_user(), world.account, "send") for _ in range(2)]
        writer = give(make_user(), world.account, "edit")
        return cls(world, world.group("Abonnés"), world.group("Essai"), world.group("Subscribers"), writer, *senders)

    # --- writing ---
    def written(self, *languages: str, ahead: timedelta = timedelta(days=30), **values: Any) -> Campaign:
        """A campaign ready to be approved: French unless told."""
        campaign = services.create_campaign(
            self.writer, self.world.account, f"Infolettre {next(self.numbers)}", languages or ["fr_ca"]
        )
        for edition in campaign.editions.all():
            texts = {"subject": f"Nouvelles {campaign.pk}", "body_html": HTML, "body_text": TEXT, "groups": []}
            texts["groups"] = [self.people if edition.language == "fr_ca" else self.english]
            services.edit_edition(self.writer, edition, texts | values, 0)
        services.set_time(self.writer, campaign, self.wall(ahead))
        return campaign

    def wall(self, ahead: timedelta) -> datetime:
        """Ten in the morning of an ordinary day so far from now, in the account's zone."""
        moment = (clock.now() + ahead).astimezone(self.world.account.zone)
        return moment.replace(hour=10, minute=0, second=0, microsecond=0, tzinfo=None)

    def confirmed(self, campaign: Campaign) -> Confirmation:
        """What the vendor says about the groups now."""
        asked = confirming.request_confirmation(self.writer, campaign)
        confirming.read(asked.pk)
        asked.refresh_from_db()
        assert asked.state == Confirmation.State.READY, asked.error
        return asked

    def approved(self, *languages: str, **values: Any) -> Campaign:
        """A campaign that a second person approved."""
        campaign = self.written(*languages, **values)
        approvals.approve(self.sender, campaign, self.confirmed(campaign))
        return campaign

    def scheduled(self, *languages: str, **values: Any) -> list[Mailing]:
        """Mailings recorded for sending, not sent yet."""
        return sending.schedule(self.sender, self.approved(*languages, **values))

    # --- the vendor's side ---
    def there(self) -> list[dict[str, Any]]:
        """The mailings that the vendor holds."""
        found: list[dict[str, Any]] = self.world.sandbox.control("GET", "mailings", account=self.world.remote)[
            "mailings"
        ]
        return found

    def made(self) -> list[dict[str, Any]]:
        """Every creation that the vendor ever applied."""
        return [one for one in self.world.effects() if one["operation"] == "createMailing"]
