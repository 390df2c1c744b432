"""Copies parts side by side on several connections of one snapshot."""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from extract.manifest import Part
from extract.rate import RateLimit
from extract.report import Report
from extract.session import CopySession
from extract.source import Source
from extract.upload import PartUpload, Stopped, Uploads

TRIES_TO_CANCEL = 6
SECONDS_TO_CANCEL = 0.5


@dataclass(frozen=True)
class CopyJob:
    """One object to be: what `query` finds in `table` goes to `key`.

    `of_changes`: it holds what changed in the table, not all of it.
    """

    table: str
    key: str
    query: str = field(compare=False)
    has_long_rows: bool = False
    of_changes: bool = False


class Copies:
    """Runs copy jobs on some connections. On the first failure everything ends and is told.

    Memory is bounded by the pieces under way and, for each connection, the row that the server
    sends; of jobs with long rows only one runs at a time.
    """

    def __init__(
        self,
        source: Source,
        uploads: Uploads,
        compression: str,
        report: Report,
        rate: RateLimit,
    ) -> None:
        self._source = source
        self._uploads = uploads
        self._compression = compression
        self._report = report
        self._rate = rate
        self._begun: list[PartUpload] = []

    def run(self, jobs: Sequence[CopyJob], connections: int) -> dict[CopyJob, Part]:
        """Copies everything and returns what each job became, in any order.

        Raises `CampuslakeError` for the first failure; nothing then stays on its way.
        """
        # One copier takes those with long rows, before it helps the others.
        waiting: queue.SimpleQueue[CopyJob] = queue.SimpleQueue()
        with_long_rows: queue.SimpleQueue[CopyJob] = queue.SimpleQueue()
        for job in jobs:
            (with_long_rows if job.has_long_rows else waiting).put(job)
        done: dict[CopyJob, Part] = {}
        sessions: list[CopySession] = []
        try:
            with ThreadPoolExecutor(connections, thread_name_prefix="copy") as copiers:
                futures: list[Future[None]] = []
                try:
                    for _ in range(min(connections, len(jobs))):
                        sessions.append(self._source.session())
                    for session in sessions:
                        queues = [waiting] if futures else [with_long_rows, waiting]
                        futures.append(copiers.submit(self._work, session, queues, done))
                    wait(futures, return_when=FIRST_EXCEPTION)
                    # Whoever failed first is told; the others fail because they are stopped below.
                    failed = [f for f in futures if f.done() and f.exception()]
                    for future in failed or futures:
                        future.result()
                except BaseException:
                    self._end(sessions, futures)
                    raise
        except BaseException:
            for upload in self._begun:
                upload.abort()
            raise
        finally:
            for session in sessions:
                session.close()
        return done

    def _end(self, sessions: Sequence[CopySession], futures: Sequence["Future[None]"]) -> None:
        """Ends all copies: asks the server, again in case one began just then, then hangs up."""
        self._uploads.stop()
        try:
            for _ in range(TRIES_TO_CANCEL):
                for session in sessions:
                    self._source.end(session)
                if not wait(futures, timeout=SECONDS_TO_CANCEL).not_done:
                    break
        finally:
            for session in sessions:
                session.hang_up()

    def _work(
        self,
        session: CopySession,
        queues: Sequence["queue.SimpleQueue[CopyJob]"],
        done: dict[CopyJob, Part],
    ) -> None:
        complete: Callable[[], None] | None = None
        for waiting in queues:
            while not self._uploads.stopped:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    break
                upload, rows = self._copy(session, job)
                # The last pieces of a part are on their way while the next part is copied.
                if complete:
                    complete()
                complete = self._completion(job, upload, rows, done)
        if complete:
            complete()

    def _completion(
        self, job: CopyJob, upload: PartUpload, rows: int, done: dict[CopyJob, Part]
    ) -> Callable[[], None]:
        def complete() -> None:
            upload.complete()
            done[job] = upload.part(rows)

        return complete

    def _copy(self, session: CopySession, job: CopyJob) -> tuple[PartUpload, int]:
        counted = 0

        def account(step: memoryview) -> None:
            nonlocal counted
            if self._uploads.stopped:
                raise Stopped
            counted += self._report.add(job.table, step)
            self._rate.take(len(step))

        upload = PartUpload(self._uploads, job.key, self._compression, account)
        self._begun.append(upload)
        try:
            rows = session.copy(job.query, "csv", upload.write)
        except BaseException:
            upload.abort()
            raise
        self._report.correct(job.table, rows - counted)
        upload.finish()
        return upload, rows
