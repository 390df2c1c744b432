"""The step `score`: what a model learned from the marts goes back into one."""

from gates.builds import finished_build, note_scored
from infra.settings import Settings
from science.dropout_risk import Rules, scores
from science.lake import observations, write_scores


def score_dropout_risk(settings: Settings, run_id: str) -> str:
    """Fills the mart `dropout_risk` of a finished build, and returns in a few words with what.

    A school with too little to learn from has no scores. Raises `CampuslakeError` when the marts
    hold another run, or when engine or object store do not answer; it can be repeated.
    """
    finished_build(settings, run_id)
    rules = Rules.of_project()
    observed = observations(settings, settings.marts_database)
    scored = scores(observed, rules)
    write_scores(scored, settings)
    note_scored(settings, run_id, "dropout_risk")
    if scored.empty:
        return (
            f"no risks: before no school year did {rules.min_dropouts} students drop out soon"
            f" and {rules.min_dropouts} not"
        )
    newest = scored.loc[scored["cutoff_date"].idxmax()]
    return (
        f"{len(scored):,} risks at {scored['cutoff_date'].nunique()} cut-off dates,"
        f" the last of {newest['cutoff_date']:%Y-%m-%d} by {newest['model_version']}"
    )
