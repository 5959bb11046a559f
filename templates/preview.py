"""Showing the HTML of somebody else in a frame where it can do nothing (docs/engine.md, "HTML in a frame").

Three walls, each enough by itself against scripts: the frame has an empty `sandbox`, the answer carries the policy
`PREVIEW_POLICY` with a `sandbox` of its own (so that opening its address directly is harmless too), and the console's
policy lets its pages frame nothing but the console. Pictures elsewhere are asked for only after a click, since asking
tells their server who looks and when.

How another app uses it:

* a subclass of `PreviewPage` in the `pages` of its admin answers one body: implement `html()`;
* a page that shows it puts `frame(request, address, …)` into its context as `preview` and includes
  "emailtemplates/preview.html": desktop and phone width, text version, pictures on a click;
* what is not saved anywhere yet goes through `unsaved(html)`, as the `srcdoc` of a frame with an empty `sandbox`.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from cyberadmin.accounts.scoping import ScopedPage

_WALLS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
#: The policy of every preview; `PICTURES_POLICY` after somebody asked for pictures.
PREVIEW_POLICY = f"{_WALLS}; img-src data:"
PICTURES_POLICY = f"{_WALLS}; img-src data: https:"
#: For a `srcdoc`, which has no headers: it inherits the page's policy, and this one on top.
_META = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
#: For these a browser opens a connection before it asks any policy (`<link rel="preconnect">`, seen for `<embed>` too), and
#: the policy lets none of them show anything. They are renamed: that cannot make a new one, as removing could.
_REACHING = re.compile(r"<(?=link|embed|object|i?frame|portal|fencedframe)", re.IGNORECASE)
#: A picture that is somewhere else.
_REMOTE = re.compile(
    r"""(?:src|background|srcset|poster)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?\s*(?:https?:)?//""", re.IGNORECASE
)

Width = Literal["desktop", "phone", "text"]
WIDTHS: tuple[Width, ...] = ("desktop", "phone", "text")


def harmless(html: str) -> str:
    """`html` without what a browser follows before it applies a policy. Still hostile: only for a sandboxed frame."""
    return _REACHING.sub("<x-", html)


def unsaved(html: str) -> str:
    """The `srcdoc` of a frame with an empty `sandbox`, for a body that has no address yet."""
    return f"<!DOCTYPE html>{_META}{harmless(html)}"


def has_remote_pictures(html: str) -> bool:
    """Whether showing this body's pictures would call another server."""
    return _REMOTE.search(html) is not None


def respond(html: str, *, pictures: bool = False) -> HttpResponse:
    """The answer that a preview frame shows. `pictures`: whether a person asked for those that are elsewhere."""
    response = HttpResponse(harmless(html), content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = PICTURES_POLICY if pictures else PREVIEW_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-DNS-Prefetch-Control"] = "off"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


class PreviewPage(ScopedPage):
    """A page that is nothing but one body, for a frame. Subclasses implement `html`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            # The console's own page for what is missing may not be framed: an empty frame is what there is to see.
            missing = respond("")
            missing.status_code = 404
            return missing

    def html(self) -> str:
        """The body to show."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return respond(self.html(), pictures=request.GET.get("pictures") == "1")


@dataclass(frozen=True)
class Frame:
    """What "emailtemplates/preview.html" needs: see `frame`."""

    address: str
    #: None: a text version is no choice here.
    text: str | None
    width: Width
    pictures: bool
    remote: bool
    has_html: bool
    links: dict[str, str]


def frame(request: HttpRequest, address: str, *, html: str, text: str | None, name: str = "show") -> Frame:
    """The preview of one body on a page, as the page's query says (`?show=phone&pictures=1`; `name` tells two apart).

    `address`: where a `PreviewPage` answers the body, without a "pictures" of its own. `html` is only looked at.
    `text` None: only the HTML is offered.
    """
    chosen = request.GET.get(name)
    offered = [known for known in WIDTHS if known != "text" or text is not None]
    width: Width = next((known for known in offered if known == chosen), "desktop" if html.strip() else offered[-1])
    pictures = request.GET.get("pictures") == "1"

    def link(**values: str) -> str:
        kept = {key: value for key, value in request.GET.items() if key not in (name, "pictures")}
        return "?" + urlencode({**kept, name: width, **({"pictures": "1"} if pictures else {}), **values})

    links = {known: link(**{name: known}) for known in WIDTHS} | {"pictures": link(pictures="1")}
    full = address + (("&" if "?" in address else "?") + "pictures=1" if pictures else "")
    return Frame(full, text, width, pictures, has_remote_pictures(html), bool(html.strip()), links)
