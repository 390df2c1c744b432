{#-
    Iceberg tables of the session catalog list as "Provider: hive" with table_type=ICEBERG; dbt-spark
    looks for "Provider: iceberg" and else refuses to snapshot or merge into them a second time.
    Upstream: https://github.com/dbt-labs/dbt-adapters/issues/1431; remove when that is closed.

    The target `lint` has no server: there, no relation is known.
-#}
{%- macro spark__list_relations_without_caching(relation) -%}

  {%- if target.name == 'lint' -%}
    {{ return([]) }}
  {%- endif -%}

  {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    show table extended in {{ relation.schema }} like '*'
  {%- endcall -%}

  {%- set relations = [] -%}
  {%- for row in load_result('list_relations_without_caching').table.rows -%}
    {%- set information = row[3] -%}
    {%- if 'table_type=ICEBERG' in information -%}
      {%- set information = information | replace('Provider: hive', 'Provider: iceberg') -%}
    {%- endif -%}
    {%- do relations.append((row[0], row[1], row[2], information)) -%}
  {%- endfor -%}
  {{ return(relations) }}

{%- endmacro -%}
