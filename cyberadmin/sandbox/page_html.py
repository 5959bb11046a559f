"""HTML by templates that escape whatever is put into them, and the few shapes that the page repeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already; all other text is escaped when a template takes it."""

    __slots__ = ()


def html(template: str, **values: object) -> Html:
    """The template with its placeholders filled, each value escaped unless it is ``Html``."""
    return Html(template.format_map({name: _safe(value) for name, value in values.items()}))


def joined(parts: Iterable[object]) -> Html:
    return Html("".join(map(_safe, parts)))


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table whose cells carry their heading, so that a narrow screen can show each row as a card."""
    head = joined(html('<th scope="col">{name}</th>', name=name) for name in heads)
    body = joined(
        html("<tr>{cells}</tr>", cells=joined(_cell(*pair) for pair in zip(heads, row, strict=True))) for row in rows
    )
    template = '<table class="cards"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return html(template, head=head, body=body)


def _cell(name: str, value: object) -> Html:
    return html('<td data-label="{name}">{value}</td>', name=name, value=value)


def pairs(rows: Iterable[tuple[object, object]]) -> Html:
    """A table of names and their values."""
    template = '<tr><th scope="row">{name}</th><td>{value}</td></tr>'
    body = joined(html(template, name=name, value=value) for name, value in rows)
    return html('<table class="pairs"><tbody>{body}</tbody></table>', body=body)


def option(value: object, label: str, chosen: str = "") -> Html:
    selected = Html(" selected") if str(value) == chosen else ""
    return html('<option value="{value}"{selected}>{label}</option>', value=value, label=label, selected=selected)


def option_group(label: str, options: Iterable[Html]) -> Html:
    return html('<optgroup label="{label}">{options}</optgroup>', label=label, options=joined(options))


def select(label: str, name: str, options: Iterable[Html]) -> Html:
    template = '<label>{label}<select name="{name}">{options}</select></label>'
    return html(template, label=label, name=name, options=joined(options))


def text_box(label: str, name: str, value: str = "", *, required: bool = False) -> Html:
    """A line of text; never "e-mail" as its type, which browsers rewrite (international domains)."""
    return html(
        '<label>{label}<input name="{name}" value="{value}" autocomplete="off" autocapitalize="none"'
        ' spellcheck="false"{required}></label>',
        label=label,
        name=name,
        value=value,
        required=Html(" required") if required else "",
    )


def button(label: str, do: str, *, grave: bool = False, unchecked: bool = False) -> Html:
    """A button that posts ``do``; ``unchecked`` when it needs none of the form's texts."""
    return html(
        '<button name="do" value="{do}"{grave}{unchecked}>{label}</button>',
        label=label,
        do=do,
        grave=Html(' class="grave"') if grave else "",
        unchecked=Html(" formnovalidate") if unchecked else "",
    )


def form(action: str, *parts: object) -> Html:
    """A form that posts to the page."""
    return html('<form method="post" action="{action}">{parts}</form>', action=action, parts=joined(parts))
