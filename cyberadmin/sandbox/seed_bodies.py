"""Bodies of the demo's mailings and templates: tables, as mails are written, and a text part that says the same."""

from __future__ import annotations

import html
from dataclasses import dataclass

WORDS = {
    "fr_ca": {
        "lang": "fr", "view": "Un aperçu de ce qui s’en vient", "hello": "Bonjour,",
        "intro": "Voici les nouvelles que nous préparons depuis quelques semaines. Prenez le temps de les lire; "
        "nous serons heureux de vous accueillir.",
        "more": "En savoir plus", "agenda": "Consulter le calendrier", "picture": "Photo de nos lieux",
        "why": "Vous recevez ce courriel parce que vous êtes inscrit à notre infolettre.", "leave": "Se désabonner",
        "leave_path": "desabonnement", "more_path": "nouvelles", "agenda_path": "calendrier",
    },
    "en_ca": {
        "lang": "en", "view": "A look at what is coming", "hello": "Hello,",
        "intro": "Here is the news we have been preparing for some weeks. Take the time to read it; "
        "we will be happy to welcome you.",
        "more": "Read more", "agenda": "See the calendar", "picture": "A picture of our place",
        "why": "You receive this e-mail because you subscribed to our newsletter.", "leave": "Unsubscribe",
        "leave_path": "unsubscribe", "more_path": "news", "agenda_path": "calendar",
    },
}  # fmt: skip
PAGE = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;background:#f2f2f2">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" cellpadding="24" cellspacing="0" style="background:#ffffff;font-family:Arial,sans-serif">
<tr><td style="background:{colour};color:#ffffff;font-size:20px">{name}</td></tr>
<tr><td><img src="https://www.example.org/images/{path}.jpg" width="552" alt="{picture}"></td></tr>
<tr><td style="font-size:16px;line-height:24px;color:#222222"><h1 style="font-size:24px;margin:0 0 16px">{title}</h1>
<p>{hello}</p><p>{intro}</p>
<p><a href="https://www.example.org/{more_path}" style="color:{colour}">{more}</a></p>
<p><a href="https://www.example.org/{agenda_path}" style="color:{colour}">{agenda}</a></p></td></tr>
<tr><td style="font-size:12px;line-height:18px;color:#555555">{name}<br>{address}<br>{why}
<a href="https://www.example.org/{leave_path}" style="color:#555555">{leave}</a></td></tr>
</table></td></tr></table></body></html>
"""
TEXT = """{title}

{hello}

{intro}

{more} : https://www.example.org/{more_path}
{agenda} : https://www.example.org/{agenda_path}

{name}
{address}
{why}
{leave} : https://www.example.org/{leave_path}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Who writes, from where (the identification that the law asks for), and in which colour."""

    name: str
    address: str
    colour: str


def page(look: Look, title: str, language: str) -> str:
    """The HTML body."""
    values = {**WORDS[language], "title": title, "name": look.name, "address": look.address}
    escaped = {name: html.escape(text) for name, text in values.items()}
    return PAGE.format(**escaped, colour=look.colour, path=look.colour[1:])


def plain_text(look: Look, title: str, language: str) -> str:
    """The text body; no-break spaces stand before a colon in French only."""
    values = {**WORDS[language], "title": title, "name": look.name, "address": look.address}
    text = TEXT.format(**values)
    return text.replace(" : ", "\u00a0: ") if language == "fr_ca" else text.replace(" : ", ": ")
