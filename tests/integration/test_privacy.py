"""What is held on a person is found, written for him or her, and noted without saying of whom."""

import gzip
import io
import json
import stat
import struct
from collections.abc import Iterator
from decimal import Decimal

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.progress import Progress

from extract.run import extract
from infra.object_store import Bucket
from privacy.person import Person
from privacy.scan import scan
from tests.conftest import Lake, bucket_of
from tests.integration.test_gates import edit

RECRUITED = """
select s.id, s.email, s.personal_email, s.last_name
from students s
join audiences c on lower(trim(c.email)) = lower(trim(s.personal_email))
join apprenticeships a on a.student_id = s.id
join grades g on g.student_id = s.id
order by s.id limit 1
"""
NEVER_JOINED = """
select c.email from audiences c
where c.email <> '' and c.collected_at > now() - interval '2 years' and not exists (
    select from students s where lower(trim(c.email)) in (lower(trim(s.personal_email)), s.email)
)
order by c.id limit 1
"""


@pytest.fixture(scope="module")
def recruited(ran: Lake) -> tuple:
    """Number, both addresses and last name of a student whom an event recruited."""
    (row,) = ran.erp.query(RECRUITED)
    return row


def exported(ran: Lake, folder, *who: str) -> dict:
    ran.run("privacy", "export", *who, "-o", str(folder))
    return json.loads((folder / "data.json").read_text())


def test_the_export_holds_every_row_of_the_erp(ran: Lake, recruited: tuple, tmp_path):
    number, _, personal_email, _ = recruited
    data = exported(ran, tmp_path / "person", "--student", str(number))
    staging = f"{ran.settings.staging_database}.stg_erp__"
    own = {
        table: ran.erp.query(f"select id from {table} where student_id = %s", number)
        for table in ("attendances", "grades", "apprenticeships")
    }
    own["students"] = [(number,)]
    own["audiences"] = ran.erp.query(
        "select id from audiences where lower(trim(email)) = lower(trim(%s))", personal_email
    )
    for table, ids in own.items():
        assert len(data[f"{staging}{table}"]) == len(ids) > 0
        staged = [
            rows
            for name, rows in data.items()
            if name.startswith("stage.") and name.endswith(table)
        ]
        assert {(int(row["id"]),) for row in staged[-1]} == set(ids)
    keys = {row["student_key"] for rows in data.values() for row in rows if "student_key" in row}
    assert len(keys) == 1
    for rows in data.values():
        assert {row.get("student_id", number) for row in rows} <= {number, str(number)}


def test_the_export_is_for_one_pair_of_eyes(ran: Lake, recruited: tuple, tmp_path):
    folder = tmp_path / "person"
    data = exported(ran, folder, "--email", recruited[1].upper())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {file.stem for file in files if file.suffix == ".csv"} == set(data)
    assert f"{ran.settings.schema_prefix}.students" in (folder / "summary.md").read_text()
    again = ran.run("privacy", "export", "--email", recruited[1], "-o", str(folder), code=1)
    assert "that is not there yet" in again.stderr


def test_somebody_who_only_left_an_address_is_found(ran: Lake, tmp_path):
    ((email,),) = ran.erp.query(NEVER_JOINED)
    data = exported(ran, tmp_path / "contact", "--email", email)
    assert {name.split(".")[-1] for name in data} == {"stg_erp__audiences", "audiences"}


def test_unreadable_rows_of_a_run_that_the_gate_refused_keep_nobody_from_an_export(
    ran: Lake, recruited: tuple, tmp_path
):
    number, email, personal_email, last_name = recruited
    refused = extract(ran.settings, Progress(disable=True)).run_id
    for row in (f'"1,2",A,{last_name}\n', f'x,{last_name},{personal_email},"open\n', ",,,\n"):
        edit(ran, refused, "audiences", lambda text, row=row: text + row)
        edit(ran, refused, "students", lambda text, row=row: text + row)
    data = exported(ran, tmp_path / "person", "--email", email)
    assert {row["student_id"] for row in data[f"{ran.settings.staging_database}.stg_erp__grades"]}
    assert any(name.startswith(f"stage.{refused}") for name in data)


def test_who_is_not_there_is_not_told_by_name(ran: Lake, tmp_path):
    done = ran.run(
        *("privacy", "export", "--email", "nobody' or 1=1 --@example.org"),
        *("-o", str(tmp_path / "nobody")),
        code=1,
    )
    assert "knows nobody" in done.stderr and "example.org" not in done.stderr
    assert not (tmp_path / "nobody").exists()


def test_the_audit_log_names_nobody(ran: Lake, recruited: tuple, tmp_path):
    number, email, personal_email, last_name = recruited
    exported(ran, tmp_path / "person", "--student", str(number))
    told = ran.run("privacy", "log").stdout.splitlines()
    assert ",export,request of the person," in told[1]
    bucket = Bucket(ran.settings)
    log = b"".join(bucket.get(key).body for key in bucket.keys("audit/")).decode()
    for word in (email, personal_email, last_name, f'"{number}"'):
        assert word not in log


def test_the_risk_counts_every_published_student(ran: Lake):
    table = [line.split(",") for line in ran.run("privacy", "risk").stdout.splitlines()]
    counted = sum(int(row[2]) for row in table[1:] if len(row) == 3 and row[0].isdigit())
    assert counted == ran.figures()[0]


MARKER = Person(
    student_ids={987_654},
    student_keys={"0123456789abcdef0123456789abcdef"},
    emails={"marker.person@example.org"},
    phones={"+33 6 00 00 00 99"},
    names={("Marquise", "Zébulon")},
)


def parquet(**columns: list) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


def manifest_with_bound(field: dict, bound: bytes) -> bytes:
    """An Iceberg manifest as far as the bounds of one column go."""
    pair = {"type": "record", "name": "pair", "fields": []}
    pair["fields"] = [{"name": "key", "type": "int"}, {"name": "value", "type": "bytes"}]
    bounds = {"name": "lower_bounds", "type": {"type": "array", "items": pair}}
    data_file = {"type": "record", "name": "file", "fields": [bounds]}
    entry = {"type": "record", "name": "entry"}
    entry["fields"] = [{"name": "data_file", "type": data_file}]
    record = {"data_file": {"lower_bounds": [{"key": 1, "value": bound}]}}
    written = io.BytesIO()
    schema = {"schema": json.dumps({"fields": [{"id": 1, **field}]})}
    fastavro.writer(written, entry, [record], metadata=schema, codec="deflate")
    return written.getvalue()


PLANTED = {
    "stage/run_id=x/grades/part-00000.csv.gz": (
        gzip.compress(b"id,student_id,subject\n1,987654,5DATA\n"),
        "student_id",
    ),
    "stage/run_id=x/students/part-00000.csv": (b"id,first_name\n987654,A\n", "student_id"),
    "stage/run_id=x/changes/students/deleted/part-00000.csv": (b"id\n987654\n", "student_id"),
    "stage/run_id=x/audiences/part-00000.csv": (
        b'id,email\n1," MARKER.Person@example.org"\n',
        "e-mail address",
    ),
    "warehouse/numbers.parquet": (parquet(student_id=[1, 987_654]), "student_id"),
    "warehouse/keys.parquet": (parquet(k=["x", *MARKER.student_keys]), "student key"),
    "warehouse/names.parquet": (
        parquet(first_name=["A", "Marquise"], last_name=["B", "Zébulon"]),
        "name",
    ),
    "warehouse/number-bound.avro": (
        manifest_with_bound({"name": "student_id", "type": "int"}, struct.pack("<i", 987_654)),
        "student_id",
    ),
    "warehouse/cut-bound.avro": (
        manifest_with_bound({"name": "email", "type": "string"}, b"marker.person@ex"),
        "e-mail address",
    ),
    "warehouse/raised-bound.avro": (
        manifest_with_bound({"name": "student_key", "type": "string"}, b"0123456789abcdeg"),
        "student key",
    ),
    "stage/run_id=x/professors/part-00000.csv": (
        'id,first_name,last_name\n1,MARQUISE,"Zébulon"\n'.encode(),
        "name",
    ),
    "stage/run_id=x/dead/students/part-00000.csv": (
        b"id,first_name,last_name\n2,\xff" + b"x" * 200_000 + b",B\n1,Marquise,Z\xc3\xa9bulon\n",
        "name",
    ),
    "warehouse/texts.parquet": (parquet(student_id=["1", "987654"]), "student_id"),
    "warehouse/decimals.parquet": (parquet(student_id=[Decimal(987_654)]), "student_id"),
    "warehouse/lists.parquet": (parquet(e=[["x", "marker.person@example.org"]]), "e-mail address"),
    "warehouse/structs.parquet": (
        parquet(e=[{"student_id": 987_654, "mail": None}]),
        "e.student_id",
    ),
    "warehouse/bytes.parquet": (parquet(e=[b"marker.person@example.org"]), "e-mail address"),
    "runs/x/number.json": (b'[{"rows": [{"student_id": 987654}]}]', "student_id"),
    "runs/x/lines.json": (b'{"a": 1}\n{"student_id": "987654"}\n', "student_id"),
    "runs/x/fields.json": (b'{"last_name": "Z\\u00e9bulon", "first_name": "Marquise"}', "name"),
    "runs/x/escaped.json": (b'{"error": "no Marquise Z\\u00e9bulon"}', "name"),
    "docs/page.html": (b"<p>Marquise Z&eacute;bulon</p>", "name"),
    "docs/link.html": (b"<a href='?to=marker.person%40example.org'>", "e-mail address"),
    "runs/x/record.json": (b'{"error": "no Marquise Z\xc3\xa9bulon"}', "name"),
    "ops/plain.log": (b"call +33 6 00 00 00 99", "phone number"),
    "keys/marker.person@example.org": (b"", "e-mail address"),
}


@pytest.fixture(scope="module")
def planted(stack) -> Iterator[tuple]:
    """A bucket of its own with one trace of the marker in each kind of place, and two innocents."""
    settings = stack.model_copy(update={"bucket": "planted-traces"})
    with bucket_of(settings):
        bucket = Bucket(settings)
        bucket.client.put_bucket_versioning(
            Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
        )
        bucket.put("overwritten.json", '{"e": "marker.person@example.org"}')
        bucket.put("overwritten.json", "{}")
        bucket.put("innocent.json", '{"snapshot": 987654, "e": "other.person@example.org"}')
        bucket.put("longer.json", '["the.marker.person@example.org", "Marquise Zébulonneau"]')
        bucket.put(
            "warehouse/innocent.parquet", parquet(lesson_id=[987_654], first_name=["Marquise"])
        )
        for key, (content, _) in PLANTED.items():
            bucket.put(key, content)
        yield settings, {finding.place: finding.kind for finding in scan(settings, MARKER)}
        for version in list(bucket.versions()):
            bucket.delete_version(version)


@pytest.mark.parametrize("key", [*PLANTED, "overwritten.json"])
def test_a_trace_in_any_kind_of_place_is_found(planted: tuple, key: str):
    settings, found = planted
    kind = PLANTED[key][1] if key in PLANTED else "e-mail address"
    assert found[f"s3://{settings.bucket}/{key}"] == kind


def test_nobody_else_is_taken_for_the_person(planted: tuple):
    settings, found = planted
    wanted = {f"s3://{settings.bucket}/{key}" for key in [*PLANTED, "overwritten.json"]}
    assert {place for place in found if place.startswith("s3://")} == wanted


def test_local_files_are_looked_into(stack):
    log = stack.home / "logs" / "planted.log"
    log.write_text("x" * 10 + " marker.person@example.org")
    try:
        found = scan(stack, MARKER)
    finally:
        log.unlink()
    assert [(f.place, f.kind) for f in found if "planted" in f.place and "s3" not in f.place] == [
        (str(log), "e-mail address")
    ]


def test_the_scan_of_a_student_names_places_and_no_value(ran: Lake, recruited: tuple):
    number, email, personal_email, last_name = recruited
    done = ran.run("privacy", "scan", "--student", str(number), code=1)
    places = done.stdout
    assert "/students/part-" in places
    for word in (email, personal_email, last_name):
        assert word not in done.stdout + done.stderr
