"""The words of the sandbox's page, English and Quebec French, and the choice between them."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "fr")

# English, French. Placeholders are filled by ``Words``.
WORDS: dict[str, tuple[str, str]] = {
    "title": ("Sandbox: a stand-in for Cyberimpact", "Bac à sable : un substitut de Cyberimpact"),
    "intro": (
        "Nobody gets mail from here. What the vendor would do, you do on this page.",
        "Personne ne reçoit de courriel d’ici. Ce que ferait le fournisseur, vous le faites sur cette page.",
    ),
    "clock": ("The vendor’s clock: {time}", "L’horloge du fournisseur : {time}"),
    "clock_real": ("real time", "heure réelle"),
    "clock_ahead": ("{seconds} s from real time", "{seconds} s d’écart avec l’heure réelle"),
    "clock_frozen": ("stopped", "arrêtée"),
    "routes": ("Control routes for scripts", "Routes de contrôle pour les scripts"),
    "go_holds": ("Accounts", "Comptes"),
    "go_act": ("Act", "Agir"),
    "go_trouble": ("Trouble", "Pannes"),
    "go_received": ("Received", "Reçu"),
    "go_settings": ("Settings", "Réglages"),
    # What the vendor holds
    "holds": ("What the vendor holds", "Ce que détient le fournisseur"),
    "no_accounts": ("There is no account.", "Il n’y a aucun compte."),
    "account": ("Account", "Compte"),
    "people": ("People", "Personnes"),
    "groups": ("Groups", "Groupes"),
    "tokens": ("Tokens", "Jetons"),
    "token_of": ("Token of {name}", "Jeton de {name}"),
    "token_hint": (
        "Click in a token, select all, copy. These tokens open this stand-in and nothing else.",
        "Cliquez dans un jeton, sélectionnez tout, copiez. Ces jetons n’ouvrent que ce substitut.",
    ),
    "token_none": ("None: every call is refused.", "Aucun : chaque appel est refusé."),
    "delete_tokens": ("Delete its tokens", "Supprimer ses jetons"),
    "make_token": ("Make a new token", "Créer un jeton"),
    "counts": (
        "{subscribed} subscribed, {unsubscribed} unsubscribed, {bounced} bounced",
        "{subscribed} abonnées, {unsubscribed} désabonnées, {bounced} en rebond",
    ),
    "group_count": ("{count} groups", "Groupes : {count}"),
    "group_item": ("{title}: {count}", "{title} : {count}"),
    "dynamic": ("dynamic", "dynamique"),
    # Look up a person
    "look_up": ("Look up a person", "Chercher une personne"),
    "look_up_button": ("Look up", "Chercher"),
    "email": ("E-mail address", "Adresse courriel"),
    "nobody": ("{account} holds nobody with the address {email}.", "{account} n’a personne à l’adresse {email}."),
    "id": ("Number", "Numéro"),
    "state": ("State", "État"),
    "firstname": ("First name", "Prénom"),
    "lastname": ("Last name", "Nom"),
    "company": ("Company", "Entreprise"),
    "postalCode": ("Postal code", "Code postal"),
    "country": ("Country", "Pays"),
    "language": ("Language", "Langue"),
    "gender": ("Gender", "Genre"),
    "birthdate": ("Birth date", "Date de naissance"),
    "note": ("Note", "Note"),
    "consent": ("Consent", "Consentement"),
    "joinedOn": ("Joined", "Inscription"),
    "updatedOn": ("Updated", "Modification"),
    "unsubscribedOn": ("Unsubscribed on", "Désabonnement"),
    "hardBouncedOn": ("Bounced on", "En rebond depuis"),
    "subscribed": ("subscribed", "abonnée"),
    "unsubscribed": ("unsubscribed", "désabonnée"),
    "bounced": ("bounced", "en rebond"),
    "absent": ("absent", "absente"),
    # Act
    "act": ("Act as the client or a person", "Agir comme le client ou une personne"),
    "act_hint": (
        "What somebody does in Cyberimpact itself, behind the console’s back.",
        "Ce que quelqu’un fait dans Cyberimpact même, à l’insu de la console.",
    ),
    "act_person": ("With a person", "Sur une personne"),
    "act_group": ("With a group", "Sur un groupe"),
    "what": ("What happens", "Ce qui se passe"),
    "change_field": ("The client changes a field", "Le client modifie un champ"),
    "custom_of": ("A custom field of {name}", "Un champ personnalisé de {name}"),
    "other_deeds": ("Something else", "Autre chose"),
    "unsubscribe": ("The person unsubscribes", "La personne se désabonne"),
    "bounce": ("The person’s mail bounces", "Le courriel de la personne rebondit"),
    "resubscribe": ("The person comes back by the form", "La personne revient par le formulaire"),
    "delete_person": ("The client deletes the person", "Le client supprime la personne"),
    "new_value": ("New value, for a field", "Nouvelle valeur, pour un champ"),
    "do_it": ("Do it", "Faire"),
    "group": ("Group", "Groupe"),
    "new_title": ("New name", "Nouveau nom"),
    "rename_group": ("Rename the group", "Renommer le groupe"),
    "delete_group": ("Delete the group", "Supprimer le groupe"),
    "no_groups": ("There is no group.", "Il n’y a aucun groupe."),
    # Trouble and time
    "trouble": ("Make trouble", "Causer des pannes"),
    "break_calls": ("With the calls of the console", "Sur les appels de la console"),
    "trouble_hint": (
        "The calls of the console meet this trouble until it has happened as often as you say.",
        "Les appels de la console rencontrent cette panne aussi souvent que vous le dites.",
    ),
    "which_trouble": ("Trouble", "Panne"),
    "unavailable": ("Answers 503, nothing is applied", "Répond 503, rien n’est appliqué"),
    "lost_answer": ("Applies, then loses the answer", "Applique, puis perd la réponse"),
    "too_many": ("Answers 429, try again in 10 s", "Répond 429, réessayer dans 10 s"),
    "slow": ("Answers 2 s late", "Répond 2 s en retard"),
    "html_page": ("Applies, then answers an HTML page", "Applique, puis répond une page HTML"),
    "lists_shift": (
        "Contacts come and go while their list is read",
        "Des contacts vont et viennent pendant la lecture de leur liste",
    ),
    "which_calls": ("Calls", "Appels"),
    "any": ("all", "tous"),
    "reads": ("reading only", "lecture seulement"),
    "writes": ("changing only", "modification seulement"),
    "how_often": ("How often", "Combien de fois"),
    "once": ("once", "une fois"),
    "five_times": ("five times", "cinq fois"),
    "every_other": ("every second call", "un appel sur deux"),
    "always": ("until stopped", "jusqu’à l’arrêt"),
    "every_account": ("every account", "tous les comptes"),
    "start_trouble": ("Make this trouble", "Causer cette panne"),
    "stop_trouble": ("Stop all trouble", "Arrêter toutes les pannes"),
    "trouble_now": ("Trouble in force", "Pannes en vigueur"),
    "no_trouble": ("No trouble: every call is answered as it should be.", "Aucune panne : chaque appel a sa réponse."),
    "seen": ("Calls seen", "Appels vus"),
    "fired": ("Happened", "Survenue"),
    "time": ("Let time pass", "Laisser passer le temps"),
    "time_hint": (
        "For the vendor only: the console’s own clock goes on as before.",
        "Pour le fournisseur seulement : l’horloge de la console ne change pas.",
    ),
    "hour": ("+1 hour", "+1 heure"),
    "day": ("+1 day", "+1 jour"),
    # What it received
    "received": ("What it received", "Ce qu’il a reçu"),
    "effects": ("Last effects", "Derniers effets"),
    "requests": ("Last requests", "Dernières requêtes"),
    "nothing_yet": ("Nothing yet.", "Rien encore."),
    "when": ("When", "Quand"),
    "source": ("By", "Par"),
    "operation": ("Operation", "Opération"),
    "object": ("Object", "Objet"),
    "before_after": ("Before → after", "Avant → après"),
    "source_api": ("the API", "l’API"),
    "source_batch": ("a batch", "un lot"),
    "source_control": ("a person", "une personne"),
    "source_fault": ("trouble", "une panne"),
    "request": ("Request", "Requête"),
    "status": ("Answer", "Réponse"),
    "no_answer": ("no answer", "aucune réponse"),
    "ms": ("Milliseconds", "Millisecondes"),
    "settings": ("Settings", "Réglages"),
    "settings_hint": (
        "What nobody knows about the vendor; changed at /_control/settings. Bold: not the default.",
        "Ce que personne ne sait du fournisseur; se modifie à /_control/settings. En gras : autre que la valeur de départ.",
    ),
    # Notices
    "did_delete_tokens": ("The tokens of {name} are deleted.", "Les jetons de {name} sont supprimés."),
    "did_make_token": ("{name} has a new token.", "{name} a un nouveau jeton."),
    "did_person": ("{what}: {email}.", "{what} : {email}."),
    "did_field": ("The field of {email} is now “{value}”.", "Le champ de {email} est maintenant « {value} »."),
    "did_empty": ("The field of {email} is now empty.", "Le champ de {email} est maintenant vide."),
    "did_rename_group": ("The group is now called {title}.", "Le groupe s’appelle maintenant {title}."),
    "did_delete_group": ("The group is deleted.", "Le groupe est supprimé."),
    "did_start_trouble": ("Trouble made: {what}.", "Panne causée : {what}."),
    "did_stop_trouble": ("All trouble has stopped.", "Toutes les pannes sont arrêtées."),
    "did_pass_time": ("The vendor’s clock has moved: {what}.", "L’horloge du fournisseur a avancé : {what}."),
    "refused": ("Not done: {why}", "Pas fait : {why}"),
}

# What the control routes answer in English, for the notice of a refusal.
REFUSALS = {
    "No such member": "Aucune personne n’a cette adresse.",
    "No such token": "Ce compte n’a aucun jeton.",
    "Not found": "Introuvable.",
    "No such action": "Cette action n’existe pas.",
    "A name is needed": "Il faut un nom.",
    "This custom field belongs to another account": "Ce champ personnalisé est celui d’un autre compte.",
    "Invalid e-mail address": "L’adresse courriel n’est pas valide.",
    "Unknown custom field": "Ce champ personnalisé n’existe pas.",
    "Not a value of type date": "La valeur n’est pas une date (aaaa-mm-jj).",
    "Not a value of type integer": "La valeur n’est pas un nombre entier.",
    "Not a value of type decimal number": "La valeur n’est pas un nombre.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one of ``LANGUAGES``: ``say("hour")``, ``say("did_make_token", name=…)``."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        return WORDS[key][LANGUAGES.index(self.language)].format(**values)

    def refusal(self, message: str) -> str:
        """A refusal in words: as the control route says it where there is no translation."""
        why = REFUSALS.get(message, message) if self.language == "fr" else message
        return self("refused", why=why if why.endswith(".") else f"{why}.")


def words_for(accept_language: str) -> Words:
    """English or French, whichever ``Accept-Language`` puts first; English without it."""
    best, weight = "en", 0.0
    for part in accept_language.lower().split(","):
        name, _, quality = part.partition(";")
        language = name.strip().partition("-")[0]
        if language in LANGUAGES and _weight(quality) > weight:
            best, weight = language, _weight(quality)
    return Words(best)


def _weight(quality: str) -> float:
    try:
        return float(quality.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
