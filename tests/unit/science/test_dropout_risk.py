"""Risks come from the past alone, find what was planted, find nothing where nothing was."""

import pandas as pd
import pytest

from infra.errors import CampuslakeError
from science import dropout_risk
from science.dropout_risk import FEATURES, Rules, coefficients, known_before, learn, risk_of, scores
from science.evaluation import auc, bootstrap, brier, reliability
from tests.unit.science.conftest import judged

RULES = Rules.of_project()
KEY = ["student_key", "cutoff_date"]


def discrimination(found: pd.DataFrame) -> float:
    return auc(found["drops_out"], found["risk"])


def test_what_comes_after_a_cutoff_date_changes_no_risk_of_it(believable: pd.DataFrame):
    before = scores(believable, RULES)
    changed = believable.copy()
    later = changed["school_year"] >= 2024
    flipped = changed["drops_out"].map({True: False, False: True})
    changed["drops_out"] = changed["drops_out"].mask(later, flipped)
    worse = changed["school_year"] > 2024
    changed.loc[worse, ["attendance_rate", "average_grade"]] = 0.0
    after = scores(changed, RULES)
    until_2024 = before["school_year"] <= 2024
    pd.testing.assert_frame_equal(
        before[until_2024].sort_values(KEY).reset_index(drop=True),
        after[after["school_year"] <= 2024].sort_values(KEY).reset_index(drop=True),
    )
    assert not before[~until_2024].equals(after[after["school_year"] > 2024])


def test_a_model_learns_only_outcomes_that_were_over_before_its_first_cutoff_date(
    believable: pd.DataFrame,
):
    told = scores(believable, RULES)
    assert (told["learned_until"] < told["cutoff_date"]).all()
    past = known_before(believable, 2024, RULES)
    assert set(past["school_year"]) == {2021, 2022, 2023}
    longer = Rules(horizon_days=190, min_dropouts=20)  # the last ones of 2023 end in October
    assert known_before(believable, 2024, longer)["cutoff_date"].max() == pd.Timestamp("2023-12-31")


def test_nothing_that_is_written_down_at_leaving_is_a_feature():
    assert not {"left_date", "leave_reason", "next_school", "status", "promotion"} & set(FEATURES)
    assert not {"gender", "campus_id", "birth_year", "days_enrolled"} & set(FEATURES)


def test_planted_causes_are_found(believable: pd.DataFrame):
    found = judged(believable)
    newest = bootstrap(found[found["school_year"] == 2025], discrimination, times=200)
    assert newest.lower > 0.7
    weights = coefficients(learn(known_before(believable, 2026, RULES)))
    assert weights["attendance_rate"] < 0 and weights["recent_attendance_rate"] < 0
    assert weights["average_grade"] < 0 and weights["has_had_contract"] < 0
    assert weights["home_another region"] > weights["home_region of the campus"]


def test_where_nothing_is_a_cause_risks_tell_nothing(causeless: pd.DataFrame):
    found = judged(causeless)
    by_chance = bootstrap(found, discrimination, times=200)
    assert by_chance.lower < 0.5 < by_chance.upper
    assert by_chance.upper - by_chance.lower < 0.15  # it could have told


def test_risks_are_as_high_as_what_happens(believable: pd.DataFrame):
    found = judged(believable)
    assert found["risk"].sum() == pytest.approx(found["drops_out"].sum(), rel=0.25)
    groups = reliability(found["drops_out"], found["risk"])
    assert groups["share"].is_monotonic_increasing
    assert (groups["risk"] - groups["share"]).abs().max() < 0.05
    base_rate = pd.Series(found["drops_out"].mean(), found.index)
    assert brier(found["drops_out"], found["risk"]) < brier(found["drops_out"], base_rate)


def test_the_newest_year_tells_how_many_drop_out(believable: pd.DataFrame):
    """What goes with dropping out is the same, only fewer do: the risks follow."""
    calm = known_before(believable, 2025, RULES).copy()
    usual = risk_of(learn(calm), calm).mean()
    left = (calm["school_year"] == 2024) & calm["drops_out"].astype(bool)
    stays = left & (calm["student_key"].rank(method="dense") % 2 == 0)
    calm.loc[stays, "drops_out"] = False
    assert risk_of(learn(calm), calm).mean() < 0.75 * usual


def test_the_order_of_rows_changes_nothing(believable: pd.DataFrame):
    told, shuffled = (
        scores(rows, RULES).sort_values(KEY, ignore_index=True)
        for rows in (believable, believable.sample(frac=1, random_state=1))
    )
    pd.testing.assert_frame_equal(told, shuffled)


def test_a_school_with_too_few_dropouts_has_no_risks(believable: pd.DataFrame):
    told = scores(believable, Rules(RULES.horizon_days, min_dropouts=10_000))
    assert told.empty and "risk_decile" in told
    assert scores(believable.iloc[:0], RULES).empty
    few = believable["student_key"].isin(believable["student_key"].unique()[:30])
    assert scores(believable[few], RULES).empty


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", "null"])
def test_a_var_that_means_nothing_is_refused_by_name(tmp_path, monkeypatch, value):
    project = "vars: {risk_horizon_days: 180, risk_min_dropouts: " + value + "}"
    (tmp_path / "dbt_project.yml").write_text(project)
    monkeypatch.setattr(dropout_risk, "REPOSITORY", tmp_path)
    with pytest.raises(CampuslakeError, match="risk_min_dropouts"):
        Rules.of_project()


def test_tenths_go_by_risk_within_a_cutoff_date(believable: pd.DataFrame):
    told = scores(believable, RULES)
    for _, of_cutoff in told.groupby("cutoff_date"):
        sizes = of_cutoff.groupby("risk_decile").size()
        assert list(sizes.index) == list(range(1, 11)) and sizes.max() - sizes.min() <= 1
        bounds = of_cutoff.groupby("risk_decile")["risk"].agg(["min", "max"])
        assert (bounds["max"].shift().dropna() <= bounds["min"].iloc[1:]).all()
