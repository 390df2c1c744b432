{#-
    What a snapshot merges from. Upstream makes a permanent view `<snapshot>__dbt_tmp` in the
    connection's database, `default`, whatever the target's schema: two people who build at the same
    time would merge each other's rows. A temporary view belongs to one session.
    Upstream: https://github.com/dbt-labs/dbt-spark/pull/651, where the schema was taken off.
-#}
{%- macro spark_build_snapshot_staging_table(strategy, sql, target_relation) -%}

  {%- set view = api.Relation.create(
      identifier=target_relation.identifier ~ '__dbt_tmp', schema=none, database=none, type='view'
  ) -%}
  {%- call statement('build_snapshot_staging_relation') -%}
    {{ create_temporary_view(view, snapshot_staging_table(strategy, sql, target_relation)) }}
  {%- endcall -%}
  {{ return(view) }}

{%- endmacro -%}
