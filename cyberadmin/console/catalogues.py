"""Translation catalogues without GNU gettext, which a fresh machine may lack.

`extract` finds what the code and the templates mark for translation, `read` parses a `.po` file, `compile_po` writes the
`.mo` file beside it, and `problems` says what is missing. Only what this project uses of the format is understood.
"""

import ast
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

#: What the marking functions take: (context, message, plural), as positions of their arguments.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_CALL = re.compile(r"\b(_|n?p?gettext)\(")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@dataclass(frozen=True)
class Message:
    """What is to be translated. `context` "" = none, `plural` "" = no plural."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass
class Entry:
    """One entry of a catalogue."""

    message: Message
    translations: list[str] = field(default_factory=list)
    fuzzy: bool = False


def extract(roots: Iterable[Path]) -> set[Message]:
    """Every message marked in the Python files and templates under `roots`."""
    found: set[Message] = set()
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            found.update(from_python(path.read_text(encoding="utf-8")))
        for path in sorted(root.rglob("templates/**/*.html")):
            found.update(_from_template(path.read_text(encoding="utf-8"), str(path)))
    return found


def from_python(source: str) -> Iterator[Message]:
    """Every message marked in one Python file."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield from _message(names[node.func.id], node.args)


def _from_template(source: str, origin: str) -> Iterator[Message]:
    marked = templatize(source, origin=origin)
    for call in _CALL.finditer(marked):
        end = _closing(marked, call.end())
        try:
            node = ast.parse(f"f({marked[call.end() : end]})", mode="eval").body
        except SyntaxError:
            continue
        if isinstance(node, ast.Call):
            yield from _message("gettext" if call[1] == "_" else call[1], node.args)


def _closing(text: str, start: int) -> int:
    """Where the parenthesis that opened before `start` closes, strings skipped."""
    depth, quote, position = 1, "", start
    while position < len(text) and depth:
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        else:
            depth += {"(": 1, ")": -1}.get(char, 0)
        position += 1
    return position - 1


def _message(function: str, arguments: list[ast.expr]) -> Iterator[Message]:
    values = [
        node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None for node in arguments
    ]
    context, text, plural = FUNCTIONS[function]

    def at(position: int | None) -> str | None:
        return "" if position is None else (values[position] if position < len(values) else None)

    found = (at(text), at(plural), at(context))
    if found[0] and found[1] is not None and found[2] is not None:
        yield Message(found[0], found[1], found[2])


def sources() -> list[Path]:
    """Every `.po` file of the project: the common ones, then those of packages that keep their own."""
    base = Path(settings.BASE_DIR)
    common = [found for root in settings.LOCALE_PATHS for found in sorted(Path(root).glob("*/LC_MESSAGES/django.po"))]
    packages = ("*/locale/*/LC_MESSAGES/django.po", "cyberadmin/*/locale/*/LC_MESSAGES/django.po")
    return common + sorted(found for pattern in packages for found in base.glob(pattern))


def language_of(source: Path) -> str:
    """The language of a `.po` file."""
    return source.parent.parent.name


def read(path: Path) -> list[Entry]:
    """The entries of a `.po` file; the header is the one with an empty text."""
    entries: list[Entry] = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        parts: dict[str, str] = {}
        name, fuzzy = "", False
        for line in filter(None, block.splitlines()):
            if line.startswith("#"):
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            keyword, _space, rest = line.partition(" ")
            if not line.startswith('"'):
                name, line = keyword, rest
            parts[name] = parts.get(name, "") + ast.literal_eval(line)
        if "msgid" in parts:
            message = Message(parts["msgid"], parts.get("msgid_plural", ""), parts.get("msgctxt", ""))
            strings = [parts[key] for key in sorted(parts) if key.startswith("msgstr")]
            entries.append(Entry(message, strings, fuzzy))
    return entries


def compile_po(path: Path) -> Path:
    """Write the binary catalogue beside `path` and return where."""
    table: dict[bytes, bytes] = {}
    for entry in read(path):
        if entry.fuzzy or not all(entry.translations):
            continue
        key = entry.message.text + (f"\0{entry.message.plural}" if entry.message.plural else "")
        if entry.message.context:
            key = f"{entry.message.context}\x04{key}"
        table[key.encode()] = "\0".join(entry.translations).encode()
    target = path.with_suffix(".mo")
    target.write_bytes(_binary(table))
    return target


def _binary(table: dict[bytes, bytes]) -> bytes:
    """The `.mo` format: a header, two tables of (length, offset), then the strings, sorted by key."""
    keys = sorted(table)
    start = 28 + 16 * len(keys)
    blob, key_index, value_index = b"", b"", b""
    for key in keys:
        key_index += struct.pack("<II", len(key), start + len(blob))
        blob += key + b"\0"
    for key in keys:
        value_index += struct.pack("<II", len(table[key]), start + len(blob))
        blob += table[key] + b"\0"
    header = struct.pack("<IIIIIII", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, start)
    return header + key_index + value_index + blob


def problems(marked: set[Message], entries: list[Entry]) -> list[str]:
    """What keeps a catalogue from being complete: missing, empty, fuzzy or unused entries, and lost placeholders."""
    known = {entry.message: entry for entry in entries if entry.message.text}
    said = [f"missing: {message.text!r}" for message in sorted(marked - set(known), key=lambda each: each.text)]
    for message, entry in known.items():
        if entry.fuzzy:
            said.append(f"fuzzy: {message.text!r}")
        if not entry.translations or not all(entry.translations):
            said.append(f"not translated: {message.text!r}")
        elif _lost_placeholders(entry):
            said.append(f"placeholders differ: {message.text!r}")
    return said


def _lost_placeholders(entry: Entry) -> bool:
    wanted = set(_PLACEHOLDER.findall(entry.message.plural or entry.message.text))
    allowed = wanted | set(_PLACEHOLDER.findall(entry.message.text))
    last = set(_PLACEHOLDER.findall(entry.translations[-1]))
    return last != wanted or any(set(_PLACEHOLDER.findall(text)) - allowed for text in entry.translations)


def quoted(message: Message) -> str:
    """An empty entry, as it stands in a `.po` file."""

    def line(name: str, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{name} "{escaped}"\n'

    said = line("msgctxt", message.context) if message.context else ""
    said += line("msgid", message.text)
    if message.plural:
        return said + line("msgid_plural", message.plural) + line("msgstr[0]", "") + line("msgstr[1]", "")
    return said + line("msgstr", "")
