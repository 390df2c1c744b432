"""How a person's identifiers look where data are kept: in texts, columns, bounds of columns."""

import html
import re
import urllib.parse
from dataclasses import dataclass
from functools import cached_property

from privacy.person import Person

BOUND_LENGTH = 16  # Iceberg cuts bounds of texts: write.metadata.metrics.default = truncate(16)
SHORTEST_BOUND = 4
# What is shorter stands in any picture by chance; such names are looked for in columns of names.
SHORTEST_NAME = 7  # letters, of first and last name
SHORTEST_PHONE = 6
# Martin is not Martinez, martin@example.org not jean.martin@example.org. For Python and for RE2.
BEFORE = r"(?:^|[^0-9A-Za-zÀ-ÿ_.+%-])"
AFTER = r"(?:$|[^0-9A-Za-zÀ-ÿ_-])"


def _unicode(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


SPELLINGS = (
    ("\\u", lambda text: re.sub(r"\\u([0-9a-fA-F]{4})", _unicode, text)),
    ("&", html.unescape),
    ("%", urllib.parse.unquote),
)


@dataclass(frozen=True)
class Traces:
    """What to look for. What is found is told by kind and never by value."""

    person: Person

    @cached_property
    def texts(self) -> dict[str, str]:
        """Texts in lower case that name the person wherever they stand, and their kind."""
        person = self.person
        found = dict.fromkeys(person.student_keys, "student key")
        phones = (phone for phone in person.phones if len(phone) >= SHORTEST_PHONE)
        found |= dict.fromkeys(phones, "phone number")
        for first, last in person.names:
            if first and last and len(first + last) >= SHORTEST_NAME:
                found |= {
                    f"{a}{gap}{b}": "name"
                    for a, b in ((first, last), (last, first))
                    for gap in " ,"
                }
        found |= dict.fromkeys(person.emails, "e-mail address")
        return {text.lower(): kind for text, kind in found.items() if text.strip()}

    @cached_property
    def patterns(self) -> dict[str, str]:
        """For each text the regular expression that finds it, but not as a part of another."""
        return {text: f"{BEFORE}{re.escape(text)}{AFTER}" for text in self.texts}

    @cached_property
    def probes(self) -> dict[str, bytes]:
        """For each text its longest run of ASCII, which is found without decoding what is read."""
        return {
            text: max(re.findall(r"[\x00-\x7f]+", text) or [""], key=len).encode()
            for text in self.texts
        }

    def in_text(self, content: bytes) -> set[str]:
        """Returns the kinds of identifiers that a text holds."""
        lowered = content.lower()
        likely = [text for text in self.texts if self.probes[text] in lowered]
        if not likely:
            return set()
        decoded = content.decode("utf-8", "replace").lower()
        return {
            self.texts[text]
            for text in likely
            if text in decoded and re.search(self.patterns[text], decoded)
        }

    def in_document(self, content: bytes) -> set[str]:
        """Returns the kinds that JSON, HTML or a log holds, where letters may be spelled out."""
        found = self.in_text(content)
        written = content.decode("utf-8", "replace")
        for spelled, read in SPELLINGS:
            if spelled in written:
                # JSON spells an emoji as two halves.
                joined = read(written).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                found |= self.in_text(joined.encode())
        return found

    def numbers(self, column: str) -> set[int]:
        """Returns the numbers that mean the person in a column of that name."""
        values = self.person.columns.get(column, set())
        return {value for value in values if isinstance(value, int)}

    def is_name(self, first: object, last: object) -> bool:
        """Whether two values are the person's first and last name."""
        return (_plain(first), _plain(last)) in self._names

    @cached_property
    def _names(self) -> set[tuple[str, str]]:
        return {(_plain(first), _plain(last)) for first, last in self.person.names if first or last}

    def in_bound(self, bound: bytes) -> set[str]:
        """Returns the kinds of identifiers of which a column's bound is the beginning.

        An upper bound that was cut has its last letter raised by one.
        """
        try:
            cut = bound.decode().lower()
        except UnicodeDecodeError:
            return set()
        if len(cut) < SHORTEST_BOUND:
            return set()
        return {kind for text, kind in self.texts.items() if _begins(text, cut)}


def _begins(text: str, bound: str) -> bool:
    if len(bound) < BOUND_LENGTH:
        return text == bound
    start = text[: len(bound)]
    raised = start[:-1] + chr(ord(start[-1]) + 1)
    return bound in (start, raised)


def _plain(name: object) -> str:
    return str(name or "").strip().lower()
