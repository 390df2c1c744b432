"""An analyst's keys read what is published, staff's the identities too, and neither the rest."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from infra.local.credentials import role_keys
from infra.local.identities import keys_of
from infra.local.s3 import ObjectStore
from infra.object_store import Bucket, s3_endpoint
from infra.roles import roles
from infra.settings import REPOSITORY
from privacy import audit
from tests.conftest import Lake

SCHEMA = "{schema}"  # stands for the prefix of the lake's databases
MARTS = "warehouse/{schema}_marts.db/students/"
IDENTITIES = "warehouse/{schema}_identity_marts.db/student_identities/"
# What only engineers read: each place with the prefix of its objects.
CLOSED = {
    "staging zone": "stage/run_id=",
    "current run": "stage/current.json",
    "staging tables": "warehouse/{schema}_staging.db/stg_erp__students/",
    "key map": "warehouse/{schema}_build.db/student_keys/",
    "steps on the way": "warehouse/{schema}_build.db/int_attendance_roster/",
    "history": "warehouse/{schema}_history.db/students_history/",
    "audit log": "audit/{schema}/",
    "run notes": "runs/{schema}/",
    "figures of extracts": "ops/",
}
CLOSED_TABLES = {
    "staging view": "select * from {schema}_staging.stg_erp__students",
    "staging table over CSV": "select * from {schema}_staging.erp_students",
    "key map": "select * from {schema}_build.student_keys",
    "steps on the way": "select * from {schema}_build.int_attendance_roster",
    "history": "select * from {schema}_history.students_history",
    "figures of extracts": "select * from {schema}_ops.extract_runs",
    "objects of the staging zone": "select * from json.`s3a://{bucket}/stage/current.json`",
    "audit log": "select * from json.`s3a://{bucket}/audit/{schema}/`",
}
IDENTITY_TABLES = {
    "identity view": "select * from {schema}_identity.student_identities",
    "identity table": "select * from {schema}_identity_marts.student_identities",
    "who a student is": "select last_name from {schema}.students"
    " join {schema}_identity.student_identities using (student_key)",
}
CHANGES = {
    "insert": "insert into {schema}_marts.students select * from {schema}_marts.students",
    "delete": "delete from {schema}_marts.students",
    "new table": "create table {schema}_marts.own using iceberg as select 1 as a",
}
COUNT = "select count(*), avg(average_grade) from {schema}.students"


@pytest.fixture(scope="module")
def lake(whole: Lake) -> Lake:
    """The lake, its store started anew with its roles by a careless engineer.

    SeaweedFS makes an administrator of the keys that it finds in its environment.
    """
    settings, store = whole.settings, ObjectStore(whole.settings)
    keys = role_keys(settings.home, "analyst")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
        environment.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
        store.stop()
        store.start()
    audit.record(settings, "nothing", "there is a log", "", {})
    return whole


@pytest.fixture(scope="module")
def bucket(lake: Lake) -> Bucket:
    """The bucket as engineers reach it."""
    return Bucket(lake.settings)


def client_of(lake: Lake, role: str) -> Any:
    """Returns a client of the object store with the keys of a role."""
    keys = keys_of(lake.settings, role, roles(lake.settings)[role])
    return get_session().create_client(
        "s3",
        endpoint_url=s3_endpoint(lake.settings),
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def named(lake: Lake, text: str) -> str:
    """Returns a text with the names of the lake in it."""
    settings = lake.settings
    return text.replace(SCHEMA, settings.schema_prefix).replace("{bucket}", settings.bucket)


def an_object(lake: Lake, bucket: Bucket, prefix: str) -> str:
    """Returns the key of an object that is there."""
    return bucket.keys(named(lake, prefix))[0]


def refusal(call: Callable[..., Any], **arguments: Any) -> int:
    """Returns the status with which the store refuses a call; fails when it does not."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def require_refused(lake: Lake, bucket: Bucket, role: str, prefix: str) -> None:
    """Whatever is below a prefix can be neither read nor listed."""
    client, of = client_of(lake, role), {"Bucket": bucket.name}
    key = an_object(lake, bucket, prefix)
    folder = key.rpartition("/")[0] + "/"
    assert refusal(client.get_object, **of, Key=key) == 403
    assert refusal(client.head_object, **of, Key=key) == 403
    assert refusal(client.get_object, **of, Key=key, VersionId="null") == 403
    assert refusal(client.get_object_tagging, **of, Key=key) == 403
    for listed in (named(lake, prefix), folder, key):
        assert refusal(client.list_objects_v2, **of, Prefix=listed) == 403
        assert refusal(client.list_objects, **of, Prefix=listed) == 403
        assert refusal(client.list_object_versions, **of, Prefix=listed) == 403


@pytest.mark.parametrize("role", ["analyst", "staff"])
def test_the_files_of_a_published_mart_answer(lake: Lake, bucket: Bucket, role: str):
    client, prefix = client_of(lake, role), named(lake, MARTS)
    listed = client.list_objects_v2(Bucket=bucket.name, Prefix=prefix)["Contents"]
    keys = [entry["Key"] for entry in listed]
    assert keys == bucket.keys(prefix)
    answer = client.get_object(Bucket=bucket.name, Key=keys[0])
    assert answer["Body"].read() == bucket.get(keys[0]).body


@pytest.mark.parametrize("place", CLOSED)
@pytest.mark.parametrize("role", ["analyst", "staff"])
def test_the_files_of_what_is_not_published_are_refused(
    lake: Lake, bucket: Bucket, role: str, place: str
):
    require_refused(lake, bucket, role, CLOSED[place])


def test_the_files_of_the_identities_answer_staff_and_refuse_analysts(lake: Lake, bucket: Bucket):
    require_refused(lake, bucket, "analyst", IDENTITIES)
    key = an_object(lake, bucket, IDENTITIES)
    answer = client_of(lake, "staff").get_object(Bucket=bucket.name, Key=key)
    assert answer["Body"].read() == bucket.get(key).body


@pytest.mark.parametrize(
    "prefix",
    ["", "warehouse/", "warehouse/{schema}", "warehouse/{schema}_marts.db", "stage", "audit/"],
)
def test_a_listing_from_above_is_refused(lake: Lake, bucket: Bucket, prefix: str):
    of = {"Bucket": bucket.name, "Prefix": named(lake, prefix)}
    client = client_of(lake, "analyst")
    assert refusal(client.list_objects_v2, **of) == 403
    assert refusal(client.list_objects_v2, **of, Delimiter="/") == 403
    assert refusal(client.list_object_versions, **of) == 403
    assert refusal(client.list_multipart_uploads, **of) == 403


def test_no_way_round_leads_out_of_the_prefix(lake: Lake, bucket: Bucket):
    client = client_of(lake, "analyst")
    closed = an_object(lake, bucket, IDENTITIES)
    for way in ("../../../", "./../../../", "..//..//../"):
        key = named(lake, MARTS) + way + closed
        assert refusal(client.get_object, Bucket=bucket.name, Key=key) in (400, 403, 404)
        listed = {"Bucket": bucket.name, "Prefix": key.rpartition("/")[0] + "/"}
        try:
            assert "Contents" not in client.list_objects_v2(**listed)
        except ClientError as refused:
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)


@pytest.mark.parametrize("role", ["analyst", "staff"])
def test_nothing_can_be_written_or_deleted(lake: Lake, bucket: Bucket, role: str):
    client = client_of(lake, role)
    before = {key: bucket.get(key) for key in bucket.keys(named(lake, MARTS))}
    present = next(iter(before))
    for key in (present, named(lake, MARTS) + "new", "stage/current.json", "new"):
        of = {"Bucket": bucket.name, "Key": key}
        source = {"Bucket": bucket.name, "Key": present}
        assert refusal(client.put_object, **of, Body=b"other") == 403
        assert refusal(client.delete_object, **of) == 403
        assert refusal(client.copy_object, **of, CopySource=source) == 403
        assert refusal(client.create_multipart_upload, **of) == 403
        assert refusal(client.put_object_tagging, **of, Tagging={"TagSet": []}) == 403
        try:
            client.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": key}]})
        except ClientError as refused:
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    versioning = {"Status": "Suspended"}
    assert (
        refusal(
            client.put_bucket_versioning, Bucket=bucket.name, VersioningConfiguration=versioning
        )
        == 403
    )
    allow_all = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    written = json.dumps({"Version": "2012-10-17", "Statement": [allow_all]})
    assert refusal(client.put_bucket_policy, Bucket=bucket.name, Policy=written) == 403
    assert refusal(client.delete_bucket, Bucket=bucket.name) == 403
    assert {key: bucket.get(key) for key in bucket.keys(named(lake, MARTS))} == before
    assert bucket.exists("stage/current.json") and not bucket.exists("new")


def test_a_key_that_nobody_was_given_reads_nothing(lake: Lake, bucket: Bucket):
    stranger = get_session().create_client(
        "s3",
        endpoint_url=s3_endpoint(lake.settings),
        aws_access_key_id="stranger",
        aws_secret_access_key=role_keys(lake.settings.home, "analyst").secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    key = an_object(lake, bucket, MARTS)
    assert refusal(stranger.get_object, Bucket=bucket.name, Key=key) == 403


def answers(lake: Lake, role: str, empty_home: str, statements: dict[str, str]) -> dict:
    """Asks a Spark of the role's own, which has the role's keys and no other credential."""
    told = lake.run("roles", role).stdout
    keys = dict(line.removeprefix("export ").split("=", 1) for line in told.splitlines())
    addresses = {
        name: value for name, value in lake.environment.items() if name.startswith("CAMPUSLAKE_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.own_spark"],
        input=json.dumps({name: named(lake, sql) for name, sql in statements.items()}),
        env=addresses | keys | {"PATH": os.environ["PATH"], "CAMPUSLAKE_HOME": empty_home},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def analyst(lake: Lake, tmp_path_factory) -> dict:
    """What an analyst's own Spark answers."""
    home = str(tmp_path_factory.mktemp("home"))
    asked = {"count": COUNT} | IDENTITY_TABLES | CLOSED_TABLES | CHANGES
    asked["rows by year"] = "select * from {schema}.attendance limit 3"
    return answers(lake, "analyst", home, asked | {"count at the end": COUNT})


@pytest.fixture(scope="module")
def staff(lake: Lake, tmp_path_factory) -> dict:
    """What a Spark of the staff's own answers."""
    home = str(tmp_path_factory.mktemp("home"))
    return answers(lake, "staff", home, {"count": COUNT} | IDENTITY_TABLES | CLOSED_TABLES)


def require_denied(answer: dict) -> None:
    """The store itself said no: nothing was merely missing."""
    assert "rows" not in answer
    assert "403" in answer["refused"] or "AccessDenied" in answer["refused"]


def test_an_analysts_own_spark_reads_what_is_published(lake: Lake, analyst: dict):
    published = [[*row] for row in lake.query(named(lake, COUNT))]
    assert analyst["count"]["rows"] == published and published[0][0] > 0
    assert len(analyst["rows by year"]["rows"]) == 3


@pytest.mark.parametrize("table", [*IDENTITY_TABLES, *CLOSED_TABLES])
def test_an_analysts_own_spark_reads_nothing_else(analyst: dict, table: str):
    require_denied(analyst[table])


@pytest.mark.parametrize("change", CHANGES)
def test_an_analysts_own_spark_changes_nothing(analyst: dict, change: str):
    require_denied(analyst[change])
    assert analyst["count at the end"] == analyst["count"]


@pytest.mark.parametrize("table", IDENTITY_TABLES)
def test_staffs_own_spark_reads_the_identities(lake: Lake, staff: dict, table: str):
    assert len(staff[table]["rows"]) == len(lake.query(named(lake, IDENTITY_TABLES[table]))) > 0
    assert len(staff["count"]["rows"]) == 1


@pytest.mark.parametrize("table", CLOSED_TABLES)
def test_staffs_own_spark_reads_nothing_else(staff: dict, table: str):
    require_denied(staff[table])


def test_the_roles_are_told_and_keys_only_when_asked_for(lake: Lake):
    told = lake.run("roles").stdout
    prefix = lake.settings.schema_prefix
    assert 'analyst,"analysts, data scientists and dashboards of the school",' in told
    assert f"warehouse/{prefix}_identity_marts.db/" in told
    keys = role_keys(lake.settings.home, "analyst")
    assert keys.secret_key not in told
    exported = f"export AWS_SECRET_ACCESS_KEY={keys.secret_key}\n"
    assert exported in lake.run("roles", "analyst").stdout
    assert "no role guest" in lake.run("roles", "guest", code=1).stderr
