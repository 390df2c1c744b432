"""`campuslake privacy …`: what is held on people, and how well it hides them."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from infra.command_line import from_standard_input, out, progress
from infra.errors import CampuslakeError
from infra.settings import settings

app = typer.Typer(help="Personal data: what is held, why, and at which risk.", no_args_is_help=True)


@app.command()
def inventory(
    record: Annotated[
        bool,
        typer.Option("--record", help="Print the record of processing (GDPR, art. 30): Markdown."),
    ] = False,
) -> None:
    """Show every column that holds personal data: category, purpose, legal basis, retention.

    A table on a terminal, CSV on a pipe. It is read from the models (meta.personal_data) and from
    privacy/processing.yml; no server has to run.
    """
    from infra.spark_sql import QueryResult
    from orchestration import display
    from orchestration.dbt import Dbt
    from privacy import inventory as columns

    with progress() as bars:
        found = columns.inventory(Dbt(settings(), bars).manifest())
    if record:
        typer.echo(columns.record_of_processing(found, settings().schema_prefix))
        return
    table = columns.as_table(found)
    display.answer(QueryResult(list(table.columns), list(table.itertuples(index=False))))


@app.command()
def export(
    folder: Annotated[Path, typer.Option("-o", metavar="FOLDER", help="A folder to be made.")],
    student: Annotated[int | None, typer.Option(help="The student's number in the ERP.")] = None,
    email: Annotated[
        str | None,
        typer.Option(callback=from_standard_input, help="Any of the person's addresses."),
    ] = None,
    why: Annotated[str, typer.Option(help="Why, for the audit log.")] = "request of the person",
) -> None:
    """Write all that the lake holds on a person to a folder: to read, and as JSON and CSV.

    By student number, or by an e-mail address: that of a student, a professor or a contact of an
    event. History and kept copies of the ERP are part of it, the ERP itself is not.

    `--email -` reads the address from standard input, or asks for it: other users of the machine
    and the shell's history see what stands on a command line.
    """
    from privacy import audit
    from privacy.erase import subject_of
    from privacy.export import export as write
    from privacy.person import find

    _require_one(student, email)
    with progress() as bars:
        bars.add_task("reading every table", total=None)
        person = find(settings(), student, email)
        held = write(settings(), person, folder)
    counts = {table.table: len(table.rows) for table in held}
    audit.record(settings(), "export", why, subject_of(settings(), person), counts)
    out.print(f"{sum(counts.values()):,} rows of {len(counts)} tables: {folder}", soft_wrap=True)


@app.command()
def erase(
    student: Annotated[int | None, typer.Option(help="The student's number in the ERP.")] = None,
    email: Annotated[
        str | None,
        typer.Option(callback=from_standard_input, help="Any of the person's addresses."),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Whoever an erasure that died was about.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase; without it, show what would go.")
    ] = False,
    why: Annotated[str, typer.Option(help="Why, for the audit log.")] = "request of the person",
) -> None:
    """Erase a person from everything that the lake holds, and prove it with a scan.

    Kept copies of the ERP, tables with their history, what is published, logs. The ERP itself is
    not touched; if it still holds the person, no later run brings him or her back. Readers go on
    meanwhile, runs wait. Interrupted or killed, the same command finishes it, or --unfinished.
    """
    from infra.spark_sql import QueryResult
    from orchestration import display
    from orchestration.lock import every_run_lock
    from privacy import audit
    from privacy import erase as erasure
    from privacy.export import held_on
    from privacy.staged import without_lessons

    if not unfinished:
        _require_one(student, email)
    elif student is not None or email is not None:
        raise CampuslakeError("--unfinished is about everybody", "leave out --student and --email")

    def begun() -> list[erasure.Note]:
        if unfinished:
            return erasure.unfinished(settings())
        return [erasure.begin(settings(), student, email)]

    rows: Counter[str] = Counter()
    with progress() as bars:
        if not yes:
            notes = begun()
            for note in notes:
                held = held_on(settings(), without_lessons(note.person))
                rows.update({table.table: len(table.rows) for table in held})
        else:
            with every_run_lock(settings()):
                notes = begun()
                for note in notes:
                    audit.record(settings(), "begin to erase", why, note.subject, {})
                    erased = erasure.erase(settings(), note, bars)
                    audit.record(settings(), "erase", why, note.subject, erased)
                    rows.update(erased)
    if rows:
        display.answer(QueryResult(["table", "rows"], sorted(rows.items())))
    if not notes:
        out.print("no erasure is unfinished")
    elif yes:
        out.print("erased: nothing of the person is there any more")
    else:
        out.print("that would go, with its history; repeat it with --yes", soft_wrap=True)


@app.command()
def retain(
    yes: Annotated[bool, typer.Option("--yes", help="End it; without it, show what.")] = False,
) -> None:
    """End what has been kept long enough; every run does it at its end.

    Runs of the staging zone beyond the newest CAMPUSLAKE_EXTRACT_KEEP_RUNS, published runs beyond
    CAMPUSLAKE_PUBLISH_KEEP_RUNS, snapshots of tables that nothing needs, what was typed into SQL
    Lab longer than CAMPUSLAKE_SUPERSET_KEEP_DAYS days ago, and in the history the identities of
    students who left long ago (identity_retention_years in dbt_project.yml; contacts:
    contact_retention_years). What is loaded has lost those already.
    """
    from infra.spark_sql import QueryResult
    from orchestration import display
    from orchestration.dbt import Dbt
    from orchestration.lock import run_lock
    from orchestration.retention import retain as end

    with progress() as bars, run_lock(settings()):
        counts = end(settings(), Dbt(settings(), bars), bars, dry_run=not yes)
    display.answer(QueryResult(["what", "number"], list(counts.items())))
    if any(counts.values()) and not yes:
        out.print("repeat it with --yes to end it")


@app.command()
def scan(
    student: Annotated[list[int] | None, typer.Option(help="A student's number.")] = None,
    email: Annotated[
        list[str] | None, typer.Option(callback=from_standard_input, help="An e-mail address.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(callback=from_standard_input, help="A student key.")
    ] = None,
    phone: Annotated[
        list[str] | None, typer.Option(callback=from_standard_input, help="A phone number.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            callback=from_standard_input, metavar="FIRST,LAST", help="First and last name."
        ),
    ] = None,
) -> None:
    """Look for a person in every object of the bucket and every local file; 1 when found.

    What the lake still knows of the person is looked for besides what is given. Each option can be
    repeated. Places are told, values never.

    `-` in the place of a text reads it from standard input, a line each in the order of the
    options, or asks for it: other users of the machine see what stands on a command line.
    """
    from infra.spark_sql import QueryResult
    from orchestration import display
    from privacy.person import Person, complete
    from privacy.scan import scan as look

    given = Person(
        student_ids=set(student or ()),
        emails={address.strip().lower() for address in email or ()},
        student_keys=set(key or ()),
        phones=set(phone or ()),
        names={_first_and_last(both) for both in name or ()},
    )
    if given == Person():
        raise CampuslakeError("nobody is named", "give --student, --email or another option")
    with progress() as bars:
        found = look(settings(), complete(settings(), given), bars)
    if not found:
        out.print("nothing of the person is there")
        return
    display.answer(QueryResult(["place", "kind"], [(f.place, f.kind) for f in found]))
    raise CampuslakeError(
        f"the person is found in {len({f.place for f in found})} places", "they are listed above"
    )


def _require_one(student: int | None, email: str | None) -> None:
    if (student is None) == (email is None):
        raise CampuslakeError("give either --student or --email", "the other one is found by it")
    if email is not None and not email.strip():
        raise CampuslakeError("the address is empty", "give the one of the request")


def _first_and_last(both: str) -> tuple[str, str]:
    first, comma, last = both.partition(",")
    if not comma:
        raise CampuslakeError("a name has no comma", 'write it as "Jeanne,Martin"')
    return first.strip(), last.strip()


@app.command()
def log() -> None:
    """Show the audit log: who did what to personal data, when and why. The newest comes first."""
    from infra.spark_sql import QueryResult
    from orchestration import display
    from privacy import audit

    rows = [
        (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who, entry.what, entry.why, entry.subject[:12])
        for entry in audit.entries(settings())
    ]
    display.answer(QueryResult(["at_utc", "who", "what", "why", "subject"], rows))


@app.command()
def risk() -> None:
    """Show how well the published students hide single people: k-anonymity.

    Counts how many students look alike to somebody who knows region, campus, promotion, birth year
    and origin. Who is alone in a group can be found in the mart by whoever knows that much.
    """
    from infra.spark_sql import QueryResult
    from orchestration import display
    from privacy.risk import QUASI_IDENTIFIERS, risk

    found = risk(settings())
    rows = [(size, count, size * count) for size, count in sorted(found.groups.items())]
    display.answer(QueryResult(["group_size", "groups", "students"], rows))
    alone = found.below(2)
    out.print(
        f"k = {found.k} over {', '.join(QUASI_IDENTIFIERS)}: {alone:,} of {found.students:,}"
        f" students ({alone / found.students:.0%}) are alone in their group",
        soft_wrap=True,
    )
