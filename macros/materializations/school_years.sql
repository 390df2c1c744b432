{#-
    A table by school year, of which a build writes the years that changed and no other; the runs that are
    kept share the files of the rest. Fingerprints of the rows tell what changed, whatever the reason, so
    that the table always equals a full rebuild.

    Built as a table, all of it, with `--full-refresh`, the first time, and when its columns change.
    dbt-spark's own incremental materialization would drop an Iceberg table for that, and with it the
    tags that published views read.
-#}
{%- materialization school_years, adapter='spark' -%}

  {%- if should_full_refresh() or not campuslake.is_as_declared(load_relation(this)) -%}
    {{ return(materialization_table_spark()) }}
  {%- endif -%}

  {{ run_hooks(pre_hooks) }}

  {%- do get_assert_columns_equivalent(compiled_code) -%}
  {%- set built = get_select_subquery(compiled_code) -%}
  {%- call statement('main', fetch_result=True) -%}
    {{ campuslake.changed_school_years(built, this) }}
  {%- endcall -%}

  {%- set conditions = [] -%}
  {%- for year in load_result('main').table.columns[0].values() -%}
    {%- do conditions.append('school_year <=> ' ~ ('null' if year is none else year | int)) -%}
  {%- endfor -%}
  {%- if conditions -%}
    {%- call statement('replace_school_years') -%}
      insert into {{ this }}
      replace where {{ conditions | join(' or ') }}
      select * from ({{ built }}) as built
      where {{ conditions | join(' or ') }}
    {%- endcall -%}
  {%- endif -%}

  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [this]}) }}

{%- endmaterialization -%}


{#- Whether a relation is an Iceberg table by school year with exactly the columns that the model declares. -#}
{%- macro is_as_declared(relation) -%}

  {%- if relation is none or not relation.is_iceberg -%}
    {{ return(false) }}
  {%- endif -%}

  {%- set declared = [] -%}
  {%- for column in model.columns.values() -%}
    {%- do declared.append(column.name ~ ' ' ~ column.data_type) -%}
  {%- endfor -%}
  {%- do declared.extend(['# Partition Information ', '# col_name data_type', 'school_year int']) -%}

  {%- call statement('described', fetch_result=True) -%}
    describe table {{ relation }}
  {%- endcall -%}
  {%- set described = [] -%}
  {%- for row in load_result('described').table.rows -%}
    {%- do described.append(row[0] ~ ' ' ~ row[1]) -%}
  {%- endfor -%}
  {{ return(described == declared) }}

{%- endmacro -%}


{#- The school years whose rows are others in a query than in a table, those gone or new among them. -#}
{%- macro changed_school_years(query, table) -%}
with

built as (

    {{ campuslake.school_year_fingerprints('(' ~ query ~ ')') }}

),

standing as (

    {{ campuslake.school_year_fingerprints(table) }}

)

select coalesce(built.school_year, standing.school_year) as school_year
from built
full outer join standing on built.school_year <=> standing.school_year
where not built.fingerprint <=> standing.fingerprint
{%- endmacro -%}


{#-
    One row per school year: how many rows it has and, in whatever order, which. A hash passes over NULLs, so
    each column is hashed with whether it is one. Decimals, because a sum of hashes overflows a bigint.
-#}
{%- macro school_year_fingerprints(rows) -%}
select
    school_year,
    struct(
        count(*) as row_count,
        bit_xor(row_hash) as hash_xor,
        sum(cast(row_hash as decimal(20, 0))) as hash_sum
    ) as fingerprint
from (
    select
        school_year,
        xxhash64(
            {% for name in model.columns -%}
            {{ name }}, {{ name }} is null
            {%- if not loop.last %},
            {% endif -%}
            {%- endfor %}
        ) as row_hash
    from {{ rows }} as hashed
) as hashes
group by school_year
{%- endmacro -%}
