"""Marts of which only the school years that changed are written equal a full rebuild."""

from dataclasses import dataclass

import pytest

from extract.zone import StagingZone
from tests.conftest import Lake, make_lake

MARTS = ("attendance", "grades")
GONE, CHANGED = 2021, 2023
IN_YEAR = ("2023-10-01", "2024-06-30")


@dataclass(frozen=True)
class Marts:
    """The marts by school year of one lake."""

    lake: Lake

    def name(self, mart: str) -> str:
        """The table of a mart."""
        return f"{self.lake.settings.marts_database}.{mart}"

    def build(self, *arguments: str) -> dict[str, int]:
        """Builds the marts, of the last extract; returns the snapshots that they then stand at."""
        run_id = StagingZone(self.lake.settings).runs()[-1]
        self.lake.dbt("run", "--vars", f"run_id: {run_id}", "--select", *MARTS, *arguments)
        return {mart: self.snapshot(mart) for mart in MARTS}

    def build_all(self) -> dict[str, int]:
        """Builds the marts, and what they are made from, of the ERP as it is now."""
        self.lake.run("run", "--only", "extract")
        return self.build("+attendance", "+grades")

    def snapshot(self, mart: str) -> int:
        """The snapshot that a mart stands at."""
        refs = f"{self.name(mart)}.refs"
        return self.lake.query(f"select snapshot_id from {refs} where name = 'main'")[0][0]

    def files(self, mart: str) -> dict[int, set[str]]:
        """The data files of each school year."""
        found: dict[int, set[str]] = {}
        for year, path in self.lake.query(
            f"select partition.school_year, file_path from {self.name(mart)}.files"
        ):
            found.setdefault(year, set()).add(path)
        return found

    def differences(self, mart: str, snapshot: int) -> int:
        """How many rows of a mart are not those of one of its snapshots, either way."""
        now, then = self.name(mart), f"{self.name(mart)} version as of {snapshot}"
        counts = self.lake.query(
            f"select count(*) from (select * from {now} except all select * from {then})"
            " union all"
            f" select count(*) from (select * from {then} except all select * from {now})"
        )
        return sum(count for (count,) in counts)


@pytest.fixture(scope="module")
def marts(stack, postgres: str) -> Marts:
    """The marts after their first build."""
    marts = Marts(make_lake(stack, postgres, seed=5))
    marts.build_all()
    return marts


def test_a_mart_that_did_not_change_is_not_written(marts: Marts):
    before = {mart: marts.snapshot(mart) for mart in MARTS}
    assert marts.build_all() == before


def test_only_the_school_years_that_changed_are_written_and_equal_a_full_rebuild(marts: Marts):
    before = {mart: marts.files(mart) for mart in MARTS}
    for mart in MARTS:
        marts.lake.query(f"alter table {marts.name(mart)} create tag kept")
    counts = {mart: marts.lake.query(f"select count(*) from {marts.name(mart)}") for mart in MARTS}
    erp = marts.lake.erp
    erp.execute(
        "update grades set grade = 100 - grade where grade <> 50 and id in"
        " (select min(id) from grades where grade <> 50 and date between %s and %s)",
        *IN_YEAR,
    )
    erp.execute(
        "delete from attendances where id in (select min(a.id) from attendances a"
        " join lessons l on l.id = a.lesson_id join students s on s.id = a.student_id"
        " where l.starts_at between %s and %s and l.starts_at::date between s.join_date + 1"
        " and coalesce(s.left_date - 1, 'infinity'))",
        *IN_YEAR,
    )
    erp.execute("delete from grades where date < %s", f"{GONE + 1}-09-01")
    built = marts.build_all()

    changed = {"attendance": {CHANGED}, "grades": {CHANGED, GONE}}
    for mart, files in before.items():
        after = marts.files(mart)
        assert {year for year in files if after.get(year) != files[year]} == changed[mart]
        assert marts.lake.rows_out_of_order(mart) == 0
    assert GONE not in marts.files("grades")

    rebuilt = marts.build("--full-refresh")
    for mart in MARTS:
        assert rebuilt[mart] != built[mart] and marts.differences(mart, built[mart]) == 0
        # What is published reads tags: neither way of building takes them away.
        kept = f"select count(*) from {marts.name(mart)} version as of 'kept'"
        assert marts.lake.query(kept) == counts[mart]


@pytest.mark.parametrize(
    "change",
    ["drop column grade_number", "add column points int", "drop partition field school_year"],
)
def test_a_table_of_an_older_release_is_rebuilt_as_it_is_declared_now(marts: Marts, change: str):
    table, before = marts.name("grades"), marts.snapshot("grades")
    described = marts.lake.query(f"describe {table}")
    marts.lake.query(f"alter table {table} {change}")
    marts.build()
    assert marts.lake.query(f"describe {table}") == described
    assert marts.differences("grades", before) == 0
