"""One extract: every table of the ERP at one instant, to a new run of the staging zone."""

import io
import queue
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg2
import structlog
from rich.progress import Progress

from extract.contract import broken_promises, read_contract
from extract.manifest import Column, Manifest, Part, TableManifest, fingerprint
from extract.plan import PlannedPart, plan_parts
from extract.source import Source, erp_error
from extract.upload import AHEAD, CHUNK, PartUpload
from extract.zone import StagingZone, new_run_id
from infra.erp import erp_dsn
from infra.errors import CampuslakeError
from infra.object_store import Bucket, s3_client
from infra.settings import Settings

log = structlog.get_logger("extract")


def extract(
    settings: Settings, progress: Progress, run_id: str | None = None, workers: int = 2
) -> Manifest:
    """Extracts all tables and returns the committed manifest.

    `workers` connections copy at the same time, in one snapshot. Memory stays bounded: each
    worker holds a few pieces of 8 MiB. On any failure the run's objects are deleted again and
    `CampuslakeError` is raised; a process that is killed leaves a run without a manifest, which
    does not exist for any reader and which the next extract deletes.
    """
    run_id = run_id or new_run_id()
    started_at = datetime.now(UTC)
    client = s3_client(settings, connections=workers * (AHEAD + 1) + 1)
    zone = StagingZone(settings, Bucket(settings, client))
    source = Source(erp_dsn(settings), settings.erp_schema)
    try:
        columns = _promised_columns(source)
        _discard_the_dead(zone)
        parts = plan_parts(source.sizes(list(columns)))
        copies = _Copies(source, zone, run_id, columns, parts, progress)
        try:
            copied = copies.run(workers)
            manifest = Manifest(
                run_id=run_id,
                started_at=started_at,
                committed_at=datetime.now(UTC),
                server_version=source.server_version,
                snapshot=source.snapshot,
                schema_fingerprint=fingerprint(columns),
                tables=[_table_manifest(table, columns[table], copied) for table in columns],
            )
            # Once more: what a process had sent when it was killed may have arrived since.
            _discard_the_dead(zone, besides=run_id)
            zone.commit(manifest)
        except BaseException:
            _discard(zone, run_id)
            raise
    finally:
        source.close()
    log.info("extracted", run_id=run_id, rows=manifest.rows, bytes=manifest.bytes)
    return manifest


def _promised_columns(source: Source) -> dict[str, list[Column]]:
    contract = read_contract()
    found = source.columns(list(contract.tables))
    if broken := broken_promises(contract, found):
        raise CampuslakeError(
            f"the ERP's schema {source.schema} changed: {'; '.join(broken)}",
            "nothing was extracted; adapt extract/contract.yml and the staging models, or the ERP",
        )
    return {table: found[table] for table in contract.tables}


def _table_manifest(
    table: str, columns: list[Column], copied: dict[PlannedPart, Part]
) -> TableManifest:
    parts = [copied[part] for part in sorted(copied, key=lambda p: p.number) if part.table == table]
    return TableManifest(
        name=table,
        columns=columns,
        rows=sum(part.rows for part in parts),
        bytes=sum(part.bytes for part in parts),
        parts=parts,
    )


def _discard_the_dead(zone: StagingZone, besides: str = "") -> None:
    for dead in zone.discard_uncommitted(besides):
        log.warning("discarded what a failed extract left", dead_run_id=dead)


def _discard(zone: StagingZone, run_id: str) -> None:
    try:
        zone.delete_run(run_id)
    except CampuslakeError as error:
        # The failure that led here is the one to tell; without a manifest the run is invisible.
        log.warning("could not delete a failed run's objects", run_id=run_id, reason=str(error))


@dataclass
class _Copies:
    source: Source
    zone: StagingZone
    run_id: str
    columns: dict[str, list[Column]]
    parts: list[PlannedPart]
    progress: Progress

    def run(self, workers: int) -> dict[PlannedPart, Part]:
        """Copies every part on `workers` connections; on the first failure ends them all."""
        waiting: queue.SimpleQueue[PlannedPart] = queue.SimpleQueue()
        for part in self.parts:
            waiting.put(part)
        self._tasks = {
            table: self.progress.add_task(
                table, total=sum(part.table == table for part in self.parts)
            )
            for table in self.columns
        }
        self._stop = threading.Event()
        sessions: list[Any] = []
        done: dict[PlannedPart, Part] = {}
        # Left in this order: the copies end before the pool that uploads their pieces.
        with (
            ThreadPoolExecutor(workers * AHEAD) as uploads,
            ThreadPoolExecutor(workers) as copiers,
        ):
            try:
                sessions += [self.source.session() for _ in range(workers)]
                futures = [
                    copiers.submit(self._copy_parts, session, waiting, uploads, done)
                    for session in sessions
                ]
                wait(futures, return_when=FIRST_EXCEPTION)
                # Whoever failed first is told; the others fail because they were stopped.
                failed = [future for future in futures if future.done() and future.exception()]
                if failed:
                    self._end(sessions)
                for future in failed or futures:
                    future.result()
            except BaseException:
                self._end(sessions)
                raise
            finally:
                copiers.shutdown(wait=True)
                for session in sessions:
                    session.close()
        for task in self._tasks.values():
            self.progress.remove_task(task)
        return done

    def _end(self, sessions: list[Any]) -> None:
        self._stop.set()
        for session in sessions:
            try:
                session.cancel()
            except psycopg2.Error:
                pass  # that connection is gone already

    def _copy_parts(
        self,
        session: Any,
        waiting: "queue.SimpleQueue[PlannedPart]",
        uploads: ThreadPoolExecutor,
        done: dict[PlannedPart, Part],
    ) -> None:
        while not self._stop.is_set():
            try:
                part = waiting.get_nowait()
            except queue.Empty:
                return
            done[part] = self._copy(session, part, uploads)
            self.progress.advance(self._tasks[part.table])

    def _copy(self, session: Any, part: PlannedPart, uploads: ThreadPoolExecutor) -> Part:
        key = self.zone.prefix(self.run_id) + part.name
        upload = PartUpload(self.zone.bucket, key, uploads)
        try:
            with session.cursor() as cursor:
                statement = self.source.copy_statement(
                    session, part.table, self.columns[part.table], part.range
                )
                stream = io.BufferedWriter(upload, CHUNK)
                cursor.copy_expert(statement, stream, size=CHUNK)
                stream.flush()
                rows = cursor.rowcount
            if self._stop.is_set():
                raise CampuslakeError("the extract was stopped")
            sha256 = upload.commit()
        except psycopg2.Error as error:
            upload.abort()
            raise erp_error(error) from error
        except BaseException:
            upload.abort()
            raise
        return Part(key=key, rows=rows, bytes=upload.size, sha256=sha256)
