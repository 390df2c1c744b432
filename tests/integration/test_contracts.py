"""What the committed contracts promise is what readers find."""

from catalog.contracts import FOLDER, read


def test_every_published_view_has_the_columns_types_and_key_of_its_contract(ran):
    contracts = [read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    databases = {
        "campus": ran.settings.schema_prefix,
        "campus_identity": ran.settings.identity_database,
    }
    for contract in contracts:
        database, name = contract["id"].split(".")
        view, columns = f"{databases[database]}.{name}", contract["schema"][0]["properties"]
        found = [(column, kind) for column, kind, _ in ran.query(f"describe {view}")]
        assert found == [(c["name"], c["physicalType"]) for c in columns], view
        key = ", ".join(c["name"] for c in columns if c.get("primaryKey"))
        never_null = [c["name"] for c in columns if c["required"]]
        missing = " or ".join(f"{column} is null" for column in never_null)
        ((rows, keys, nulls),) = ran.query(
            f"select count(*), count(distinct {key}), count_if({missing}) from {view}"
        )
        assert (keys, nulls) == (rows, 0), view
    published = {
        view
        for database in databases.values()
        for _, view, _ in ran.query(f"show views in {database}")
    }
    assert published == {contract["name"] for contract in contracts}
