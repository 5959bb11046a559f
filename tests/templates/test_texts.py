"""The text version of an HTML mail, and the difference of two bodies, with no database."""

from __future__ import annotations

import time

import pytest

from templates import differences, merge_fields, plain_text, preview
from templates.models import mark, normalised

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<h1>Un</h1><p>Deux&nbsp;trois</p>", "Un\n\nDeux trois"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("<ul><li>x</li><li>y</li></ul><ol><li>z<li>w</ol>", "- x\n- y\n\n1. z\n2. w"),
        ("<a href='https://a.example/b'>Lire</a>", "Lire (https://a.example/b)"),
        ("<a href='https://a.example'>https://a.example</a>", "https://a.example"),
        ("<a href='mailto:a@example.com'>Écrire</a>", "Écrire (a@example.com)"),
        ("<a href='[LIEN_DESABONNEMENT]'>Se désabonner</a>", "Se désabonner ([LIEN_DESABONNEMENT])"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='https://a.example'><img src=x alt='La salle'></a>", "La salle (https://a.example)"),
        ("<title>T</title><style>p{}</style><script>s()</script><p>seul</p>", "seul"),
        ("<div style='display:none'>caché <b>aussi</b></div><p>vu</p>", "vu"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<p>jamais fermé <b>gras", "jamais fermé gras"),
        ("1 < 2 &amp; 3 > 2 <", "1 < 2 & 3 > 2 <"),
    ],
)
def test_text_from_html(html: str, text: str) -> None:
    assert plain_text.from_html(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000,
        "<a href=x>" * 5_000,
        "<!--" * 50_000,
        "<" * 100_000,
        "&" * 100_000,
        "<![" * 50_000 + ">",
        '<a b="' * 20_000 + ">",
        "<!" * 50_000,
    ],
)
def test_text_from_anything_takes_seconds_at_most(html: str) -> None:
    began = time.monotonic()
    plain_text.from_html(html)
    assert time.monotonic() - began < 10


def test_a_difference_shows_what_left_and_what_came_and_folds_the_rest() -> None:
    before = "\n".join(str(number) for number in range(100))
    found = differences.compare("x", before, before.replace("\n50\n", "\ncinquante\n"))
    assert (found.added, found.removed, found.more) == (1, 1, 0)
    assert [row.kind for row in found.rows] == ["skip", *["same"] * 3, "out", "in", *["same"] * 3, "skip"]
    assert [row.number for row in found.rows if row.kind == "skip"] == [47, 46]


def test_one_long_line_is_broken_for_reading() -> None:
    found = differences.compare("x", "<table><tr><td>a</td></tr></table>", "<table><tr><td>b</td></tr></table>")
    assert [row.text for row in found.rows if row.kind != "same"] == ["<td>a</td>", "<td>b</td>"]


def test_bodies_without_anything_in_common_stay_readable() -> None:
    began = time.monotonic()
    found = differences.compare("x", "a\n" * 40_000, "b\n" * 40_000)
    assert time.monotonic() - began < 5
    assert len(found.rows) == differences.MOST_SHOWN
    assert found.more > 0
    assert differences.compare("x", "same", "same").rows == []


def test_the_mark_of_a_template_forgives_line_ends_and_case_of_the_title() -> None:
    assert mark("Infolettre ", "<p>a</p>\r\n<p>b</p>\n", "") == mark("INFOLETTRE", "<p>a</p>\n<p>b</p>", "")
    assert mark("a", "b", "") != mark("a", "", "b")
    assert normalised(" \r\na\rb\x00 ") == "a\nb"


def test_no_element_that_opens_connections_survives_however_it_is_hidden() -> None:
    for name in ("embed", "OBJECT", "iframe", "frame", "frameset", "portal", "fencedframe"):
        assert preview.harmless(f"<{name} src=x>") == f"<x-{name} src=x>"
    for hidden in ("<link x>", "<LINK x>", "<li<link>nk x>", "<<link>link x>", "<link title='>' x>"):
        assert "<link" not in preview.harmless(hidden).lower()


@pytest.mark.parametrize(
    ("html", "remote"),
    [
        ("<img src='https://a.example/x.png'>", True),
        ("<td background=//a.example/x.png>", True),
        ("<p style='background: url( \"http://a.example\" )'>", True),
        ("<img src='data:image/png;base64,x'><a href='https://a.example'>x</a>", False),
    ],
)
def test_whether_showing_pictures_would_call_somebody(html: str, remote: bool) -> None:
    assert preview.has_remote_pictures(html) is remote


@pytest.mark.parametrize(
    "body",
    [
        "<!--[if mso]><table><![endif]-->",
        "<![if !mso]>x<![endif]>",
        "<STYLE>a[href], td[class=x] { }</STYLE>",
        "<script>a[name]</script>",
        "<!-- [PRENOM] ",
    ],
)
def test_what_mail_programs_read_is_no_merge_field(body: str) -> None:
    assert merge_fields.used_in(f"[NOM] {body}") == ["[NOM]"]


def test_merge_fields_of_other_tools_are_told_apart() -> None:
    body = "{{ first_name }} *|FNAME|* %%email%% ${city} {{7|add:7}} 50%% off%% {a} [NOM] <style>{{ x }}</style>"
    assert merge_fields.foreign_in(body) == ["{{ first_name }}", "*|FNAME|*", "%%email%%", "${city}"]


@pytest.mark.parametrize("piece", ["<!--", "<style", "<![", "[a", "{{", "[İ"])
def test_merge_fields_of_a_long_body_are_found_in_a_moment(piece: str) -> None:
    started = time.monotonic()
    assert merge_fields.used_in(piece * (2_000_000 // len(piece))) == []
    assert merge_fields.foreign_in(piece * 500_000) == []
    assert time.monotonic() - started < 15


def test_merge_fields_are_names_in_brackets() -> None:
    assert merge_fields.used_in("[PRENOM] a[0] [x] [Prénom du client] [PRENOM] [<b>]") == [
        "[PRENOM]",
        "[Prénom du client]",
    ]
