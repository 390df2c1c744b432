"""The school itself: campuses, subjects and professors."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from erp import places
from erp.copy_text import rows
from erp.effects import GROWING_CAMPUS, WEAK_CAMPUS, Effects
from erp.names import NamePool, draw_names, school_emails
from erp.randomness import stream
from erp.scales import Scale
from erp.school_calendar import date_text, day

PROMOTIONS = ("BSC", "MSC1", "MSC2")

YEARS_OF_STUDY = np.array([3, 2, 1])
"""School years from joining to graduating, by promotion."""

SUBJECTS = (
    ("1ALGO", "Algorithmique", 0),
    ("1WEBD", "Développement web", 0),
    ("1ARCH", "Architecture des ordinateurs", 0),
    ("2PYTH", "Programmation Python", 0),
    ("2SQLD", "Bases de données SQL", 0),
    ("2NETW", "Réseaux", 0),
    ("3JAVA", "Programmation Java", 0),
    ("3PROJ", "Gestion de projet", 0),
    ("3LINX", "Administration Linux", 0),
    ("4CLOU", "Informatique en nuage", 1),
    ("4DEVO", "DevOps et intégration continue", 1),
    ("4MLAI", "Apprentissage automatique", 1),
    ("4SECU", "Sécurité des systèmes", 1),
    ("4STAT", "Statistiques", 1),
    ("4MOBI", "Développement mobile", 1),
    ("4ENGL", "Anglais professionnel", 1),
    ("5DATA", "Ingénierie des données", 2),
    ("5BIGD", "Calcul distribué", 2),
    ("5GOVD", "Gouvernance et RGPD", 2),
    ("5ARCI", "Architecture d'entreprise", 2),
    ("5BLOC", "Systèmes répartis", 2),
    ("5MGMT", "Management d'équipe", 2),
    ("5RECH", "Initiation à la recherche", 2),
)
"""Id, name and position of its promotion in `PROMOTIONS`."""

SUBJECT_IDS = tuple(subject[0] for subject in SUBJECTS)
SUBJECT_LEVEL = np.array([subject[2] for subject in SUBJECTS])


@dataclass(frozen=True)
class School:
    """Campuses (arrays of one value per campus) and who teaches what where.

    `quality` is +1 for the best campus, -1 for the worst, else near 0; `growth` is the
    yearly change of the intake; `professor` (campuses by subjects) holds professor ids.
    """

    region: np.ndarray
    size: np.ndarray
    growth: np.ndarray
    quality: np.ndarray
    capacity: np.ndarray
    opened: np.ndarray
    professor: np.ndarray
    professor_campus: np.ndarray

    @property
    def campuses(self) -> int:
        """Number of campuses; their ids are 1 to this."""
        return len(self.region)


def build_school(scale: Scale, seed: int, effects: Effects) -> School:
    """Builds the campuses of a scale and appoints their professors.

    Each professor teaches in one promotion of one campus, so none is asked to be in two
    rooms at once.
    """
    rng = stream(seed, "school")
    count = scale.campuses
    ids = np.arange(1, count + 1)
    # The first city is the biggest campus; sizes fall off gently and evenly.
    size = 1.0 / np.arange(3, count + 3) ** 0.35
    size /= size.sum()
    growth = np.full(count, effects.intake_growth)
    growth[ids == GROWING_CAMPUS] = effects.intake_growth_at_growing_campus
    growth[ids == WEAK_CAMPUS] = effects.intake_growth_at_weak_campus
    quality = np.clip(rng.normal(0, 0.2, count), -0.4, 0.4)
    quality[ids == GROWING_CAMPUS] = 1.0
    quality[ids == WEAK_CAMPUS] = -1.0
    places_needed = scale.students * size * 0.45 * rng.uniform(1.0, 1.3, count)
    per_level = [np.flatnonzero(level == SUBJECT_LEVEL) for level in range(len(PROMOTIONS))]
    professor = np.zeros((count, len(SUBJECTS)), np.int64)
    next_id = 1
    for campus in range(count):
        for subjects in per_level:
            hired = 3
            professor[campus, subjects] = next_id + rng.integers(hired, size=len(subjects))
            next_id += hired
    return School(
        region=np.array([places.region_number(region) for _, region, _ in places.CAMPUSES[:count]]),
        size=size,
        growth=growth,
        quality=quality,
        capacity=(np.ceil(places_needed / 10) * 10).astype(np.int64),
        opened=day(1996, 9, 1) + rng.integers(0, 20, count) * 365,
        professor=professor,
        professor_campus=np.repeat(ids, 3 * len(PROMOTIONS)),
    )


def campus_rows(school: School) -> Iterator[bytes]:
    """Yields `campuses`."""
    cities = places.CAMPUSES[: school.campuses]
    yield from rows(
        range(1, school.campuses + 1),
        [f"Supinfo {city}" for city, _, _ in cities],
        [city for city, _, _ in cities],
        [region for _, region, _ in cities],
        [postal_code for _, _, postal_code in cities],
        date_text(school.opened),
        school.capacity,
    )


def subject_rows() -> Iterator[bytes]:
    """Yields `subjects`."""
    yield from rows(
        *zip(*[(i, name, PROMOTIONS[level]) for i, name, level in SUBJECTS], strict=True)
    )


def professor_rows(school: School, pool: NamePool, seed: int) -> Iterator[bytes]:
    """Yields `professors`."""
    rng = stream(seed, "professors")
    count = len(school.professor_campus)
    first, last = draw_names(pool, rng.random(count) < 0.4, rng)
    yield from rows(
        range(1, count + 1),
        first,
        last,
        [email.replace("@", ".prof@") for email in school_emails(first, last)],
        school.professor_campus,
        date_text(day(2008, 9, 1) + rng.integers(0, 12 * 365, count)),
    )
