"""Invented people of Quebec, French and English, in the reserved domains. Nobody here exists."""

from __future__ import annotations

import random
import unicodedata

import orjson

FIRSTNAMES = {
    ("fr_ca", "f"): ("Maude", "Léa", "Océane", "Geneviève", "Chloé", "Noémie", "Anaïs", "Marie-Ève", "Sofia", "Zoé",
                     "Gaëlle", "Béatrice", "Joëlle", "Amélie", "Thérèse", "Audrey"),
    ("fr_ca", "m"): ("Noé", "Étienne", "François", "Jérôme", "Benoît", "Loïc", "Hélio", "Félix", "Cédric", "Mathéo",
                     "Jean-Sébastien", "Zacharie", "René", "André", "Olivier", "Gaétan"),
    ("en_ca", "f"): ("Emma", "Olivia", "Grace", "Hannah", "Chloe", "Ruby", "Siobhán", "Renée", "Priya", "Mei"),
    ("en_ca", "m"): ("Ethan", "Liam", "Noah", "Jack", "Owen", "Caleb", "Arjun", "Seán", "Dylan", "Marcus"),
}  # fmt: skip
LASTNAMES = {
    "fr_ca": ("Lavoie", "Tremblay", "Gagné", "Côté", "Bélanger", "Lévesque", "Pelletier", "Fréchette", "Thériault",
              "Larivière", "Desrosiers", "Beaulieu-Roy", "Hébert", "L’Écuyer", "St-Onge", "Dubé", "Brûlé", "Vézina"),
    "en_ca": ("Brooks", "O’Connor", "MacLeod", "Singh", "Chen", "Fraser", "Bélanger", "Whitfield", "Osei", "Nguyen",
              "Kowalczyk", "Anderson-Roy"),
}  # fmt: skip
COMPANIES = ("Érablière du Ruisseau", "Atelier Bois & Métal", "Boulangerie L’Épi d’Or", "Northshore Paddling Co.",
             "Clinique vétérinaire des Pins", "Imprimerie Beau Trait", "Granite Lane Books", "Ferme Œuf et Foin",
             "Studio Pâquerette", "Maple & Finch Architects")  # fmt: skip
NOTES = ("Préfère les envois du matin", "Rencontré au salon", "Prefers e-mail to phone", "Abonné depuis l’ouverture",
         "À rappeler à l’automne", "Voir aussi l’adresse du bureau")  # fmt: skip
CITIES = ("Longueuil", "Brossard", "Québec", "Trois-Rivières", "Montréal", "Gatineau", "Saint-Hyacinthe", "Rimouski",
          "Sept-Îles", "L’Ancienne-Lorette", "Sherbrooke", "Ottawa")  # fmt: skip
DOMAINS = ("example.com", "example.org", "courriel.example.com", "mail.example.org", "poste.example.com")
POSTAL_LETTERS = "ABCEGHJKLMNPRSTVXY"


def plain(text: str) -> str:
    """Lower-case ASCII without accents, for the left side of an address."""
    ascii_text = unicodedata.normalize("NFKD", text.replace("’", "")).encode("ascii", "ignore").decode()
    return ascii_text.lower().replace(" ", "")


PLAIN = {name: plain(name) for pool in (*FIRSTNAMES.values(), *LASTNAMES.values()) for name in pool}


def postal_code(draw: random.Random) -> str:
    letters = draw.choices(POSTAL_LETTERS, k=3)
    digits = draw.choices("0123456789", k=3)
    text = f"{letters[0]}{digits[0]}{letters[1]} {digits[1]}{letters[2]}{digits[2]}"
    # Some people leave the blank out: the API stores what it was given.
    return text if draw.random() < 0.8 else text.replace(" ", "")


def birthdate(draw: random.Random) -> str:
    return f"{draw.randint(1938, 2007)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"


def custom_values(draw: random.Random, types: dict[str, str]) -> str:
    """JSON text of values for some of the account's fields."""
    values: dict[str, object] = {}
    for name, kind in types.items():
        if draw.random() < 0.3:
            continue
        if kind == "text":
            values[name] = draw.choice(CITIES)
        elif kind == "date":
            values[name] = f"{draw.randint(2015, 2025)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        elif kind == "integer":
            values[name] = draw.randint(0, 250)
        else:
            values[name] = draw.randint(100, 60_000) / 100
    return orjson.dumps(values).decode()
