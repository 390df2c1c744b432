{#-
    Unit tests over Thrift. Upstream creates its temporary view with `run_query`, which fetches;
    PyHive cannot fetch from DDL ("'NoneType' object is not iterable"), and it then drops the view
    as if it were a table.
    Upstream: https://github.com/dbt-labs/dbt-adapters/issues/481; remove when that is closed.
-#}
{%- materialization unit, adapter='spark' -%}

  {%- set expected_rows = config.get('expected_rows') -%}
  {%- set expected_sql = config.get('expected_sql') -%}
  {%- set compared_columns = expected_rows[0].keys() if expected_rows else get_columns_in_query(sql) -%}

  {%- set view = make_temp_relation(this.incorporate(type='view')).incorporate(type='view') -%}
  {%- call statement('create_view_of_actual_columns') -%}
    {{ get_create_table_as_sql(True, view, get_empty_subquery_sql(sql)) }}
  {%- endcall -%}

  {%- set types = {} -%}
  {%- set quoted = {} -%}
  {%- for column in adapter.get_columns_in_relation(view) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}

  {%- set compared = [] -%}
  {%- for name in compared_columns -%}
    {%- do compared.append(quoted[name | lower]) -%}
  {%- endfor -%}

  {%- call statement('main', fetch_result=True) -%}
    {{ get_unit_test_sql(sql, expected_sql or get_expected_sql(expected_rows, types, quoted), compared) }}
  {%- endcall -%}

  {%- do adapter.drop_relation(view) -%}
  {{ return({'relations': []}) }}

{%- endmaterialization -%}
