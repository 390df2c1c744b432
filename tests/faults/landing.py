"""A small ERP, its staging zone behind faulty ways to both, and what must hold whatever fails."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from rich.progress import Progress

from extract.run import extract
from extract.verify import changed_files, missing_files
from extract.zone import StagingZone
from infra.settings import REPOSITORY, Settings
from tests.conftest import Erp
from tests.faults.database import FaultyDatabase
from tests.faults.object_store import FaultyStore

SILENT = Progress(disable=True)
CONTRACT = "tables: {small: {id: integer, name: text}, big: {id: integer, data: text}}\n"
# Twelve MB that are sent in three pieces, and three rows that are sent whole.
TABLES = """
create table small (id integer primary key, name text);
insert into small values (1, 'a'), (2, ''), (3, null);
create table big (id integer primary key, data text);
insert into big
select n, string_agg(md5(n || ':' || m), '') from generate_series(1, 60) as n,
    generate_series(1, 6250) as m group by n;
"""
ROWS = {"small": 3, "big": 60}
EXTRACT_AND_PROMOTE = """
from rich.progress import Progress
from extract.run import extract
from extract.zone import StagingZone
from infra.settings import settings

run_id = extract(settings(), Progress(disable=True)).run_id
StagingZone(settings()).promote(run_id)
"""


@dataclass(frozen=True)
class Landing:
    """`settings` go through the faulty ways, `zone` looks at what is there past them."""

    erp: Erp
    store: FaultyStore
    database: FaultyDatabase
    settings: Settings
    zone: StagingZone

    def heal(self) -> None:
        """Nothing fails from now on."""
        self.store.heal()
        self.database.heal()

    def extract_and_promote(self) -> str:
        """The whole way of an extract, up to what readers follow."""
        run_id = extract(self.settings, SILENT).run_id
        StagingZone(self.settings).promote(run_id)
        return run_id

    def start(self) -> subprocess.Popen[str]:
        """Starts an extract and the move of the pointer as a process of its own."""
        dsn = self.settings.erp_dsn.get_secret_value()
        return subprocess.Popen(
            [sys.executable, "-c", EXTRACT_AND_PROMOTE],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "CAMPUSLAKE_ERP_DSN": dsn,
                "CAMPUSLAKE_ERP_SCHEMA": self.settings.erp_schema,
                "CAMPUSLAKE_BUCKET": self.settings.bucket,
                "CAMPUSLAKE_S3_ENDPOINT": self.settings.s3_endpoint,
                "CAMPUSLAKE_EXTRACT_CONTRACT": str(self.settings.extract_contract),
                "CAMPUSLAKE_EXTRACT_COMPRESSION": "none",
                "CAMPUSLAKE_EXTRACT_CONNECTIONS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def check_what_readers_see(self, before: Sequence[str]) -> list[str]:
        """Checks that every committed run is whole, that those of `before` are among them, and
        that the pointer names one. Returns the new ones."""
        runs = self.zone.runs()
        assert set(before) <= set(runs)
        for run_id in runs:
            manifest, keys = self.zone.manifest(run_id), self.zone.keys(run_id)
            assert {table.name: table.rows for table in manifest.tables} == ROWS
            assert not any(missing_files(table, keys) for table in manifest.tables)
            if run_id not in before:
                assert not any(changed_files(self.zone, keys, manifest).values())
        if current := self.zone.current():
            assert current.run_id in runs
        return [run_id for run_id in runs if run_id not in before]

    def check_that_the_next_one_clears_up(self) -> None:
        """Checks that an extract after whatever happened succeeds and leaves nothing half there."""
        self.heal()
        run_id = self.extract_and_promote()
        assert run_id in self.zone.runs()
        assert self.zone.run_ids() == self.zone.runs()
        uploads = self.zone.bucket.client.list_multipart_uploads(Bucket=self.zone.bucket.name)
        assert not uploads.get("Uploads")


def faulty(settings: Settings, dsn: str, postgres_port: int, s3_port: int) -> Landing:
    """Puts the faulty ways between an extract and what `settings` name."""
    store, database = FaultyStore(s3_port), FaultyDatabase(postgres_port)
    through = settings.model_copy(
        update={
            "erp_dsn": SecretStr(dsn.replace(f":{postgres_port}/", f":{database.port}/")),
            "s3_endpoint": store.endpoint,
            "extract_compression": "none",
            "extract_connections": 1,
        }
    )
    return Landing(Erp(dsn, settings.erp_schema), store, database, through, StagingZone(settings))
