"""Files loaded into the ERP: all of their rows or none, and no value told."""

import pytest

from erp.generate import generate
from erp.load import load_csv
from infra.errors import CampuslakeError
from infra.settings import REPOSITORY

SAMPLE = REPOSITORY / "erp" / "samples" / "students.csv"


def _student(**changes: str) -> str:
    usual = {
        "id": "1",
        "first_name": "Zoé",
        "last_name": '"a ""b"", \nc"',
        "email": '""',
        "personal_email": "zoe@boite.example",
        "gender": "Mme",
        "date_of_birth": "2004-02-29",
        "join_date": "2024-09-02",
        "left_date": "",
        "campus_id": "2",
        "promotion": "BSC",
    }
    row = usual | changes
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


@pytest.fixture
def writable_erp(empty_erp):
    """A generated ERP that a test may change."""
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    return empty_erp


def test_the_sample_loads_unchanged_beside_generated_rows(empty_erp):
    generate(empty_erp.dsn, "tiny", 7, schema=empty_erp.schema)
    assert load_csv(empty_erp.dsn, "students", SAMPLE, empty_erp.schema) == 3
    assert empty_erp.query("select count(*) from students") == [(303,)]
    (row,) = empty_erp.query(
        "select first_name, email, gender, left_date::text, campus_id, home_region, leave_reason"
        " from students where id = 822491",
    )
    assert row == ("Alexa", "Alexa.Reid@supinfo.com", "Mme", "2021-10-26", 3, None, None)


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle(writable_erp, tmp_path):
    path = tmp_path / "students.csv"
    path.write_bytes(b"\xef\xbb\xbf" + SAMPLE.read_bytes().replace(b"\n", b"\r\n"))
    assert load_csv(writable_erp.dsn, "students", path, writable_erp.schema) == 3
    assert writable_erp.query("select promotion from students where id = 777624") == [("BSC",)]


def test_quotes_newlines_null_and_the_empty_string_survive_loading(writable_erp, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text(_student(), encoding="utf-8")
    assert load_csv(writable_erp.dsn, "students", path, writable_erp.schema) == 1
    (row,) = writable_erp.query(
        "select first_name, last_name, email, left_date from students where id = 1"
    )
    assert row == ("Zoé", 'a "b", \nc', "", None)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (_student(date_of_birth="Secret-Value"), "line 3: invalid"),
        (_student(id="Secret-Value"), "line 3: invalid"),
        (_student(campus_id="99"), "foreign key"),
        (_student(gender="Secret-Value"), "check constraint"),
        (_student(email=""), "null value in column"),
        (_student(shoe_size="Secret-Value"), "'shoe_size'"),
        (_student() + "2,Secret-Value\n", "line 4: missing data"),
        (_student() + _student().split("\n", 1)[1], "duplicate key"),
        ("id,id\n1,2\n", "twice"),
        ("", "names no columns"),
        ("\n1,2\n", "names no columns"),
        (_student(first_name="Secret-Value\x00"), "line"),
        (b"\xff\xfeid\n1\n", "not a CSV file in UTF-8"),
        (_student().encode("latin-1"), "not a CSV file in UTF-8"),
    ],
)
def test_a_file_that_does_not_fit_loads_nothing_and_names_no_value(
    writable_erp, tmp_path, content, complaint
):
    path = tmp_path / "students.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CampuslakeError, match=complaint) as caught:
        load_csv(writable_erp.dsn, "students", path, writable_erp.schema)
    assert "\n" not in str(caught.value)
    assert "Secret-Value" not in str(caught.value)
    assert writable_erp.query("select count(*) from students") == [(300,)]


def test_a_missing_file_an_unknown_table_and_an_empty_schema_are_told(empty_erp, tmp_path):
    for table, path, complaint in (
        ("students", tmp_path / "none.csv", "No such file"),
        ("students", tmp_path, "Is a directory"),
        ("pg_authid", SAMPLE, "no table 'pg_authid'"),
        ("students", SAMPLE, "has no table students"),
    ):
        with pytest.raises(CampuslakeError, match=complaint):
            load_csv(empty_erp.dsn, table, path, empty_erp.schema)
