"""The catalog is whole: marts lead to a question or are facts, have an owner, and their words."""

import pytest

from gates.suites import read_suites
from infra.roles import roles
from infra.settings import Settings

QUESTIONS = {f"q{number:02}" for number in range(1, 11)}


@pytest.fixture(scope="module")
def published(manifest):
    """The marts that a passed gate publishes."""
    databases = ("presentation", "identity")
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return [model for model in models if model.config.meta.get("published_as") in databases]


def test_a_published_mart_answers_a_question_or_is_a_fact_or_a_dimension(manifest, published):
    answering = {
        mart for exposure in manifest.exposures.values() for mart in exposure.depends_on.nodes
    }
    lost = [
        mart.name
        for mart in published
        if mart.unique_id not in answering
        and mart.config.meta.get("kind") not in ("fact", "dimension")
    ]
    assert published and not lost


def test_each_of_the_ten_questions_leads_to_its_marts(manifest):
    exposures = manifest.exposures.values()
    assert {exposure.name.split("_")[0] for exposure in exposures} >= QUESTIONS
    for exposure in exposures:
        of_runs = exposure.name == "dashboard_exploitation"  # reads no mart, but campus_ops
        assert exposure.description and (exposure.depends_on.nodes or of_runs), exposure.name
        assert exposure.owner.name and exposure.owner.email, exposure.name


def test_a_published_mart_and_its_suite_go_together(published):
    suites = {suite.table for suite in read_suites("marts")}
    assert suites - {"student_keys"} == {mart.name for mart in published}


def test_a_suite_judges_its_mart_where_the_mart_is_built(manifest):
    models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    built = {model.name: f"{model.schema}.{model.name}" for model in models}
    settings = Settings(schema_prefix="campus")  # as dbt takes it when nothing is set
    for suite in read_suites("marts"):
        assert suite.built(settings) == built[suite.table]


def test_somebody_answers_for_every_published_mart(manifest, published):
    owners = {group.name: group.owner for group in manifest.groups.values()}
    for mart in published:
        assert mart.config.group in owners, mart.name
        assert owners[mart.config.group].name and owners[mart.config.group].email


def test_the_words_of_every_definition_are_those_of_a_column(manifest):
    columns = [column for node in manifest.nodes.values() for column in node.columns.values()]
    used = {block for column in columns for block in column.doc_blocks}
    words = [manifest.docs[block].block_contents.strip() for block in used]
    macros = [
        macro
        for macro in manifest.macros.values()
        if macro.original_file_path.startswith("macros/definitions/")
    ]
    unsaid = [
        macro.name for macro in macros if not any(text in macro.description for text in words)
    ]
    assert macros and not unsaid


@pytest.mark.parametrize(
    ("role", "may_read"),
    [("analyst", {"presentation"}), ("staff", {"presentation", "identity"})],
)
def test_what_lies_below_the_prefixes_of_a_role_is_published_to_it_and_all_that_is(
    manifest, published, role, may_read
):
    """The keys of a role read whole prefixes: whatever is built below them is open to it."""
    prefixes = roles(Settings(schema_prefix="campus"))[role].reads
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    built = [n for n in nodes if n.resource_type in ("model", "snapshot", "seed", "source")]
    reached = {
        node.unique_id for node in built if f"warehouse/{node.schema}.db/".startswith(prefixes)
    }
    open_to_it = {m.unique_id for m in published if m.config.meta["published_as"] in may_read}
    assert reached == open_to_it


def test_no_column_that_tells_who_somebody_is_lies_where_analysts_read(manifest):
    prefixes = roles(Settings(schema_prefix="campus"))["analyst"].reads
    found = [
        f"{node.name}.{name}"
        for node in manifest.nodes.values()
        for name, column in node.columns.items()
        if column.config.meta.get("personal_data", {}).get("identifying")
        and f"warehouse/{node.schema}.db/".startswith(prefixes)
    ]
    assert found == []
