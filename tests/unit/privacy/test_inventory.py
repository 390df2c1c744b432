"""The inventory says of each personal column what the models declare, or refuses it."""

import pytest

from infra.errors import CampuslakeError
from privacy.inventory import as_table, inventory, record_of_processing

PHONE = {
    "category": "user.contact.phone_number",
    "purpose": "answering interested people; measuring recruitment events",
    "identifying": True,
    "retention": "3 years after collection",
}


def manifest(declared: dict, schema: str = "school_marts", published_as="presentation") -> dict:
    """A project of one mart with one personal column."""
    mart = {
        "resource_type": "model",
        "schema": schema,
        "name": "contacts",
        "config": {"meta": {"published_as": published_as}},
        "columns": {
            "phone": {"config": {"meta": {"personal_data": declared}}},
            "campus": {"config": {}},
        },
    }
    return {"nodes": {"mart": mart}, "sources": {}}


def test_a_mart_is_listed_where_it_is_built_and_where_it_is_published():
    found = inventory(manifest(PHONE))
    assert [(c.database, c.table, c.column) for c in found] == [
        ("school", "contacts", "phone"),
        ("school_marts", "contacts", "phone"),
    ]
    restricted = inventory(manifest(PHONE, "school_identity_marts", "identity"))
    assert {c.database for c in restricted} == {"school_identity_marts", "school_identity"}


def test_the_record_has_a_section_for_each_purpose_with_its_legal_basis():
    columns = inventory(manifest(PHONE))
    assert len(as_table(columns)) == 4
    record = record_of_processing(columns, "school")
    asked, measured = record.split("## ")[1:]
    assert asked.startswith("Answering interested people") and "consent, 6(1)(a)" in asked
    assert measured.startswith("Measuring recruitment events") and "6(1)(f)" in measured
    for section in (asked, measured):
        assert "3 years after collection" in section
        assert "| school.contacts | phone |" in section


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (PHONE | {"purpose": "selling it"}, "unknown purpose 'selling it'"),
        ({k: v for k, v in PHONE.items() if k != "retention"}, "retention"),
        (PHONE | {"because": "so"}, "because"),
    ],
)
def test_a_declaration_that_says_too_little_or_another_thing_is_refused(declared: dict, told: str):
    with pytest.raises(CampuslakeError, match=told) as refused:
        inventory(manifest(declared))
    assert "contacts.phone" in refused.value.message
