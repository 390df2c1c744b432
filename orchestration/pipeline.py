"""Drives the steps of a run, keeps its record, and says plainly what failed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from rich.progress import Progress

from extract.zone import StagingZone, new_run_id
from gates.verdicts import GateFailed
from infra.errors import CampuslakeError, unexpected
from infra.local import stack
from infra.settings import Settings
from orchestration.dbt import Dbt
from orchestration.lock import run_lock
from orchestration.records import RunRecord, RunRegister, State, StepRecord
from orchestration.steps import STEP_NAMES, STEPS, RunContext, Step

log = structlog.get_logger("run")


def chosen_steps(first: str | None, only: str | None) -> Sequence[Step]:
    """Returns the steps to do: all, those from `first` on, or `only` one.

    Raises `CampuslakeError` for a name that is no step, or for both at once.
    """
    if first and only:
        raise CampuslakeError("--from and --only exclude each other", "give one of them")
    name = first or only
    if name is None:
        return STEPS
    if name not in STEP_NAMES:
        raise CampuslakeError(f"there is no step {name!r}", f"choose: {', '.join(STEP_NAMES)}")
    position = STEP_NAMES.index(name)
    return STEPS[position : position + 1] if only else STEPS[position:]


def run(
    settings: Settings,
    steps: Sequence[Step],
    progress: Progress,
    run_id: str | None = None,
    accept_fewer_rows: bool = False,
    accept_drift: bool = False,
    accept_another_erp: bool = False,
) -> RunRecord:
    """Does the steps and returns the run's record, which the bucket keeps as well.

    Without `run_id`, an extract makes a new run, the staging gate takes the newest one and later
    steps take the one that passed it. What is accepted is told to the gates, another ERP to the
    staging zone. Raises `CampuslakeError` for the first step that fails. What was done stays done,
    and nothing that analysts read changes before the step `publish`.
    """
    with run_lock(settings) as note:
        register = RunRegister(settings)
        run_id = _run_id(settings, steps, run_id)
        note(run_id)
        record = register.get(run_id) or RunRecord(run_id=run_id)
        earlier_error = record.error
        record.state, record.error, record.ended_at = State.RUNNING, "", None
        dbt = Dbt(settings, progress)
        context = RunContext(
            settings, record, progress, dbt, accept_fewer_rows, accept_drift, accept_another_erp
        )
        structlog.contextvars.bind_contextvars(run_id=run_id)
        try:
            for step in steps:
                begun = record.step(step.name)
                register.save(record)
                with _recorded(begun, settings) as done:
                    done.detail = step.action(context)
            record.state = State.DONE
            if any(step.state is not State.DONE for step in record.steps):
                record.state, record.error = State.FAILED, earlier_error  # another step's, earlier
        except KeyboardInterrupt:
            record.state = State.INTERRUPTED
            raise
        except CampuslakeError as error:
            record.state, record.error = State.FAILED, error.message
            raise
        finally:
            record.ended_at = datetime.now(UTC)
            _save_last(register, record)
            structlog.contextvars.unbind_contextvars("run_id")
        return record


def _run_id(settings: Settings, steps: Sequence[Step], given: str | None) -> str:
    if steps[0].name == "extract":
        if given:
            raise CampuslakeError("an extract makes a new run", "leave --run out")
        return new_run_id()
    zone = StagingZone(settings)
    if steps[0].name == "staging-gate":
        if not given and not (runs := zone.runs()):
            raise CampuslakeError("there is no extract to judge yet", "run `campuslake run`")
        return zone.manifest(given or runs[-1]).run_id
    current = zone.current()
    if current is None:
        raise CampuslakeError("no extract passed the staging gate yet", "run `campuslake run`")
    if given and given != current.run_id:
        raise CampuslakeError(
            f"the staging zone's current run is {current.run_id}, not {given}",
            f"make it current first: `campuslake run --from staging-gate --run {given}`",
        )
    return current.run_id


@contextmanager
def _recorded(step: StepRecord, settings: Settings) -> Iterator[StepRecord]:
    started = time.monotonic()
    log.info("step started", step=step.name)
    step.state = State.FAILED
    try:
        yield step
        step.state = State.DONE
    except KeyboardInterrupt:
        step.state = State.INTERRUPTED
        raise
    except GateFailed as refused:
        verdict = refused.verdict
        log.error("gate refused", layer=verdict.layer, failed=len(verdict.failures))
        _name_the_cause(refused, step, settings)
        raise
    except CampuslakeError as error:
        _name_the_cause(error, step, settings)
        raise
    except Exception as error:
        log.exception("unexpected error", step=step.name)
        told = unexpected(error)
        _name_the_cause(told, step, settings)
        raise told from error
    finally:
        step.seconds = time.monotonic() - started
        log.info(
            "step ended",
            step=step.name,
            state=step.state,
            seconds=round(step.seconds, 2),
            detail=step.detail,
        )


def _name_the_cause(error: CampuslakeError, step: StepRecord, settings: Settings) -> None:
    """Adds the step and the local servers that do not answer: they are why, whatever it said."""
    servers = stack.status(settings) if settings.local_stack else []
    silent = [server.name for server in servers if server.state != "running"]
    if silent:
        error.message = f"{' and '.join(silent)} died or does not answer ({error.message})"
        error.remedy = "repeat it: what is missing is started, and nothing half-done was published"
    error.message = f"{step.name}: {error.message}"


def _save_last(register: RunRegister, record: RunRecord) -> None:
    try:
        register.save(record)
    except CampuslakeError as error:
        # The object store is what failed, and that error is on its way to the user.
        log.warning("the run's record could not be written", reason=str(error))
