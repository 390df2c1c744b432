"""How well the published students hide single people: k-anonymity over what outsiders may know."""

from dataclasses import dataclass
from pathlib import Path

from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import query

QUERY = Path(__file__).with_name("k_anonymity.sql")
QUASI_IDENTIFIERS = ("region", "campus", "promotion", "birth year", "origin")


@dataclass(frozen=True)
class Risk:
    """Of how many students each group consists who look alike: group size to number of groups."""

    groups: dict[int, int]

    @property
    def k(self) -> int:
        """The smallest group: everybody looks like at least k - 1 others (Sweeney, 2002)."""
        return min(self.groups)

    @property
    def students(self) -> int:
        """All students."""
        return self.below(max(self.groups) + 1)

    def below(self, size: int) -> int:
        """Returns the number of students in groups of fewer than `size`."""
        return sum(s * count for s, count in self.groups.items() if s < size)


def risk(settings: Settings) -> Risk:
    """Computes the risk of the published mart `students`.

    Raises `CampuslakeError` when nothing is published, or the engine does not answer.
    """
    statement = QUERY.read_text().format(database=settings.schema_prefix)
    groups = {size: count for size, count, _ in query(statement, settings)}
    if not groups:
        raise CampuslakeError("nothing is published yet", "`campuslake run` does it")
    return Risk(groups)
