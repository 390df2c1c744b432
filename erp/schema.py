"""The ERP's tables and how they are made: schema.sql by section."""

from pathlib import Path

TABLES = (
    "campuses",
    "students",
    "professors",
    "subjects",
    "lessons",
    "attendances",
    "grades",
    "companies",
    "apprenticeships",
    "events",
    "audiences",
)
_SCHEMA_FILE = Path(__file__).with_name("schema.sql")
_SECTIONS = ("tables", "keys", "foreign keys")


def schema_sections() -> dict[str, list[str]]:
    """Returns the statements of schema.sql by section."""
    text = _SCHEMA_FILE.read_text(encoding="utf-8")
    sections = {}
    for name, following in zip(_SECTIONS, (*_SECTIONS[1:], None), strict=True):
        section = text.split(f"\n-- {name}\n", 1)[1]
        if following:
            section = section.split(f"\n-- {following}\n", 1)[0]
        sections[name] = [part for part in section.split(";\n") if part.strip()]
    return sections
