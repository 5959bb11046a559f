"""Words that stand at the top of columns and inside cells, in French and English, as `plain()` writes them."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Lower case, no accents, words with one space between them: how headers and words of cells are compared."""
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    flat = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe").replace("’", "'")).lower()
    return _NOT_WORD.sub(" ", "".join(c for c in flat if not unicodedata.combining(c))).strip()


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split("|"))


#: Whole headers that mean one target and nothing else: Cyberimpact, Mailchimp, Outlook in both languages, habits.
HEADERS: dict[str, frozenset[str]] = {
    "email": _names(
        "courriel|courriels|adresse courriel|adresses courriel|adresse de courriel|adresse electronique"
        "|adresse e mail|adresse email|adresse mail|adresse de messagerie|email|e mail|mail|mel|emails|e mails"
        "|email address|e mail address|emailaddress|email adress|e mail 1 value|email 1|e mail 1|courriel 1"
        "|courriel principal|adresse courriel principale|primary email|subscriber email|contact email|work email"
        "|courriel du contact|courriel travail|courriel professionnel|votre courriel|votre adresse courriel|your email"
    ),
    "first_name": _names(
        "prenom|prenoms|first name|firstname|first|fname|given name|givenname|prenom du contact|contact first name"
        "|forename|votre prenom|your first name"
    ),
    "last_name": _names(
        "nom|nom de famille|last name|lastname|last|lname|surname|family name|nom du contact|contact last name"
        "|patronyme|votre nom|your last name|noms"
    ),
    "company": _names(
        "entreprise|compagnie|societe|organisation|organisme|company|company name|organization|organization name"
        "|organisation name|business|nom de l entreprise|nom de la compagnie|nom de l organisation|employeur|employer"
        "|cie|raison sociale|business name"
    ),
    "gender": _names("sexe|genre|gender|sex|civilite|titre de civilite|salutation|appellation"),
    "language": _names(
        "langue|language|langue de correspondance|langue de communication|langue preferee|preferred language|lang"
        "|langage|locale|correspondence language|langue d usage"
    ),
    "birth_date": _names(
        "date de naissance|naissance|anniversaire|birth date|birthdate|birthday|date of birth|dob|ddn|ne le"
        "|date naissance|date d anniversaire|fete"
    ),
    "postal_code": _names(
        "code postal|postal code|zip|zip code|zipcode|postal|cp|code postal domicile|code postal bureau"
        "|home postal code|business postal code|postcode|zip postal code|code postal zip|codepostal"
    ),
    "country": _names(
        "pays|country|country region|pays region|country code|code de pays|code pays|business country region"
        "|home country region|pays region bureau|pays region domicile"
    ),
    "note": _names("note|notes|commentaire|commentaires|remarque|remarques|comment|comments|remarks|memo"),
    "consent_relation": _names(
        "relation|relations|type de relation|relation type|relation avec le client|relation client|relation d affaires"
        "|business relation|business relationship|relationship|lien|type de lien|lien avec le client|nature du lien"
        "|base du consentement|consent basis|fondement du consentement|type de consentement|consent type"
    ),
    "consent_on": _names(
        "date de consentement|date du consentement|consentement le|consent date|consented on|date of consent"
        "|consentement date|optin time|opt in time|optin date|opt in date|confirm time|date d inscription"
        "|date inscription|subscribed on|subscription date|signup date|sign up date|date d ajout|date d abonnement"
    ),
    "consent_proof": _names(
        "preuve|preuve de consentement|preuve du consentement|consent proof|proof of consent|proof|consent source"
        "|source du consentement|provenance du consentement|optin source|note de consentement"
    ),
}
#: Headers that say that first and last name stand together: nobody can cut them apart surely.
FULL_NAMES = _names(
    "nom complet|full name|fullname|name|contact|prenom et nom|nom et prenom|nom prenom|prenom nom|display name"
)
#: Words that give a longer header away ("adresse courriel de l'acheteur"), the first that fits.
INSIDE: tuple[tuple[str, str], ...] = (
    ("courriel", "email"),
    ("email", "email"),
    ("e mail", "email"),
    ("prenom", "first_name"),
    ("first name", "first_name"),
    ("nom de famille", "last_name"),
    ("last name", "last_name"),
    ("entreprise", "company"),
    ("compagnie", "company"),
    ("company", "company"),
    ("code postal", "postal_code"),
    ("postal code", "postal_code"),
    ("langue", "language"),
    ("language", "language"),
    ("naissance", "birth_date"),
    ("birth", "birth_date"),
    ("pays", "country"),
    ("country", "country"),
)
#: ... unless the header is about something else than the value itself.
ELSEWHERE = re.compile(
    r"\b(date|statut|status|type|id|no|numero|number|confirm\w*|valid\w*|envoi\w*|sent|opens?|clicks?|count|nombre"
    r"|2|3|secondaire|secondary|alternate|autre|opt|consent\w*|bounce\w*|marketing|format)\b"
)

LANGUAGES = {
    **dict.fromkeys("fr fra fre f francais francaise french fr ca fr fr franco".split(), "fr_ca"),
    **dict.fromkeys(("fr ca", "fr fr", "francais canada", "francais canadien", "french canada"), "fr_ca"),
    **dict.fromkeys("en eng ang an a e anglais anglaise english anglo".split(), "en_ca"),
    **dict.fromkeys(("en ca", "en us", "en gb", "anglais canada", "anglais canadien", "english canada"), "en_ca"),
}
GENDERS = {
    **dict.fromkeys("m h homme hommes masculin male man monsieur mr mister garcon m homme".split(), "m"),
    **dict.fromkeys(
        "f femme femmes feminin feminine female woman madame mme mrs ms miss mlle mademoiselle fille".split(), "f"
    ),
    **dict.fromkeys(("o", "x", "autre", "other", "non binaire", "nonbinaire", "non binary", "nonbinary", "mx"), "o"),
}
#: The relations of the vendor (contacts.models.Relation) as people write them. A mixed one says nothing of a single person.
RELATIONS = {
    name: relation
    for relation, names in {
        "express-consent": "express|express consent|expres|consentement expres|explicit|explicit consent|explicite"
        "|consentement explicite",
        "contest-participants": "contest|contests|contest participant|contest participants|concours|participant"
        "|participants|participant a un concours|participants a un concours|participant au concours"
        "|participants au concours",
        "purchased-list": "purchased|purchased list|liste achetee|achetee",
        "active-clients": "client|clients|cliente|clientes|active client|active clients|client actif|clients actifs"
        "|cliente active|clientes actives|customer|customers|active customer|active customers|acheteur|acheteurs"
        "|acheteuse|acheteuses",
        "inactive-clients": "inactive client|inactive clients|client inactif|clients inactifs|cliente inactive"
        "|ancien client|anciens clients|ancienne cliente|former client|former clients|former customer"
        "|former customers|inactive customer|inactive customers",
        "information-request": "information request|information requests|request for information|inquiry|inquiries"
        "|enquiry|enquiries|demande|demandes|demande d information|demandes d information|demande de renseignements"
        "|demande d informations|renseignements|demande de soumission|soumission|quote request",
        "association-members": "member|members|association member|association members|membre|membres"
        "|membre d une association|membres d une association|membre de l association|membres de l association"
        "|adherent|adherents|adherente|adherentes",
        "employees": "employee|employees|employe|employes|staff|personnel",
        "partners": "partner|partners|partenaire|partenaires|business partner|partenaire d affaires",
        "business-card": "business card|business cards|carte d affaires|cartes d affaires|carte de visite"
        "|cartes de visite",
        "web-contacts": "web|web contact|web contacts|contact web|contacts web|site web|website",
    }.items()
    for name in _names(names)
}
MONTHS = {
    **dict.fromkeys(("janvier", "janv", "jan", "january"), 1),
    **dict.fromkeys(("fevrier", "fevr", "fev", "feb", "february"), 2),
    **dict.fromkeys(("mars", "mar", "march"), 3),
    **dict.fromkeys(("avril", "avr", "apr", "april"), 4),
    **dict.fromkeys(("mai", "may"), 5),
    **dict.fromkeys(("juin", "jun", "june"), 6),
    **dict.fromkeys(("juillet", "juil", "jul", "july"), 7),
    **dict.fromkeys(("aout", "aou", "aug", "august"), 8),
    **dict.fromkeys(("septembre", "sept", "sep", "september"), 9),
    **dict.fromkeys(("octobre", "oct", "october"), 10),
    **dict.fromkeys(("novembre", "nov", "november"), 11),
    **dict.fromkeys(("decembre", "dec", "december"), 12),
}
