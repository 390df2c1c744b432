"""Days, school years and local time."""

import numpy as np
import pytest

from erp.school_calendar import (
    NEVER,
    SCHOOL_YEARS,
    TODAY,
    date_text,
    day,
    instant_text,
    is_weekday,
    school_year_starts,
    teaching_days,
    to_weekday,
)


@pytest.mark.parametrize("year", [1972, 2000, 2019, 2020, 2023, 2024, 2026])
def test_a_school_year_starts_on_the_first_of_september_in_leap_years_too(year: int) -> None:
    assert date_text(school_year_starts(np.array([year]))) == [f"{year}-09-01"]


def test_a_leap_day_is_a_day_of_its_own() -> None:
    assert date_text(np.array([day(2024, 2, 28) + 1, day(2024, 2, 28) + 2])) == [
        "2024-02-29",
        "2024-03-01",
    ]


def test_what_has_not_happened_has_no_date() -> None:
    assert date_text(np.array([NEVER, 0])) == [None, "1970-01-01"]


def test_wall_clock_time_is_one_hour_ahead_of_utc_in_winter_and_two_in_summer() -> None:
    days = np.array([day(2024, 3, 30), day(2024, 4, 1), day(2024, 10, 26), day(2024, 10, 28)])
    assert instant_text(days, np.full(4, 8 * 60 + 30)) == [
        "2024-03-30 07:30:00+00",
        "2024-04-01 06:30:00+00",
        "2024-10-26 06:30:00+00",
        "2024-10-28 07:30:00+00",
    ]


def test_weekends_move_back_to_friday_and_weekdays_stay() -> None:
    friday = day(2026, 9, 25)
    assert to_weekday(friday + np.arange(4)).tolist() == [friday, friday, friday, friday + 3]


@pytest.mark.parametrize("year", SCHOOL_YEARS)
def test_no_lesson_falls_on_a_weekend_a_holiday_or_after_today(year: int) -> None:
    days = teaching_days(year)
    assert is_weekday(days).all()
    closed = {day(year, 11, 11), day(year, 12, 25), day(year + 1, 1, 1), day(year + 1, 5, 1)}
    assert not closed & set(days.tolist())
    assert days.min() >= day(year, 9, 1)
    assert days.max() <= TODAY


def test_a_whole_school_year_has_about_35_weeks() -> None:
    assert 160 <= len(teaching_days(2023)) <= 185
