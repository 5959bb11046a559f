"""Typing mistakes in the domain of an address: suggested to a person, never applied (product.md W3)."""

from functools import lru_cache

#: Where people of Quebec and Canada have their mail.
COMMON = (
    "gmail.com", "hotmail.com", "hotmail.ca", "hotmail.fr", "outlook.com", "live.ca", "live.com", "yahoo.ca", "yahoo.com",
    "yahoo.fr", "icloud.com", "me.com", "msn.com", "videotron.ca", "sympatico.ca", "bell.net", "cogeco.ca", "cgocable.ca",
    "globetrotter.net", "telus.net", "rogers.com", "shaw.ca", "protonmail.com", "aol.com",
)  # fmt: skip
#: Others that exist, though they look like a slip of one above.
_RIGHT = frozenset({"mail.com", "ymail.com", "email.com", "live.fr", "outlook.fr", "yahoo.co.uk", "gmx.com", "bell.ca"})
#: Endings that do not exist, and what was meant.
_ENDINGS = {
    ".con": ".com", ".cmo": ".com", ".ocm": ".com", ".comm": ".com", ".coom": ".com", ".vom": ".com", ".xom": ".com",
    ".c0m": ".com", ".cim": ".com", ".cpm": ".com", ".com.": ".com", ".caa": ".ca", ".cca": ".ca", ".ca.": ".ca",
    ".qc": ".qc.ca", ".nett": ".net", ".ner": ".net", ".orgg": ".org", ".ogr": ".org",
}  # fmt: skip
#: Providers that exist under one ending only, whatever was typed after the dot.
_ONE_ENDING = {"gmail": "gmail.com", "videotron": "videotron.ca", "sympatico": "sympatico.ca", "icloud": "icloud.com"}


def suggestion(email: str) -> str:
    """The address that was probably meant, or "" when this one looks right."""
    local, at, domain = email.strip().rpartition("@")
    meant = _domain(domain.casefold().replace(",", ".")) if at and local else ""
    return f"{local}@{meant}" if meant and meant != domain.casefold() else ""


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    if domain in COMMON or domain in _RIGHT:
        return domain
    mended = _ending(domain)
    if mended in COMMON:
        return mended
    name = mended.rpartition(".")[0] if "." in mended else mended
    if name in _ONE_ENDING:
        return _ONE_ENDING[name]
    near = [known for known in COMMON if _one_slip(mended, known)]
    return near[0] if near else mended


def _ending(domain: str) -> str:
    for wrong, right in _ENDINGS.items():
        if domain.endswith(wrong):
            return domain.removesuffix(wrong) + right
    # "gmailcom": the dot was left out.
    return next((known for known in COMMON if known.replace(".", "") == domain), domain)


def _one_slip(typed: str, known: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two neighbours changed places. Short names are left alone."""
    if typed == known or len(known) < 8 or abs(len(typed) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(known)) and typed[start] == known[start]:
        start += 1
    rest, wanted = typed[start:], known[start:]
    swapped = len(rest) > 1 and len(wanted) > 1 and rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted[1:] or rest == wanted[1:] or rest[1:] == wanted
