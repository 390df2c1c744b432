"""How big a data set is."""

from dataclasses import dataclass

from infra.errors import CampuslakeError


@dataclass(frozen=True)
class Scale:
    """The size of one generated school.

    `lessons_per_week` is per campus and promotion; with the stays of the students it makes
    the number of attendances.
    """

    name: str
    students: int
    campuses: int
    companies: int
    lessons_per_week: int


SCALES = {
    scale.name: scale
    for scale in (
        Scale("tiny", students=300, campuses=4, companies=40, lessons_per_week=6),
        Scale("demo", students=2_000, campuses=6, companies=240, lessons_per_week=11),
        Scale("school", students=8_000, campuses=10, companies=800, lessons_per_week=13),
        Scale("network", students=100_000, campuses=30, companies=5_000, lessons_per_week=13),
    )
}


def scale_named(name: str) -> Scale:
    """Returns the scale called `name`; raises `CampuslakeError` when there is none."""
    try:
        return SCALES[name]
    except KeyError:
        raise CampuslakeError(
            f"there is no scale {name!r}", f"choose one of {', '.join(SCALES)}"
        ) from None
