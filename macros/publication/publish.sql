{#-
    Publishes one audited run: what analysts read changes here and nowhere else.

        dbt run-operation publish --args '{run_id: RUN, snapshots: {students: 123, …}}'

    `snapshots` names for each mart the Iceberg snapshot that the gate judged. First every mart gets
    its tag; a view is switched only when all of them have it. Repeating it, or publishing an older
    run again, is the same operation.
-#}
{%- macro publish(run_id, snapshots) -%}

  {%- if not modules.re.fullmatch('[0-9A-Za-z_]+', run_id) -%}
    {%- do exceptions.raise_compiler_error('not a run id: ' ~ run_id) -%}
  {%- endif -%}
  {%- set tag = 'run_' ~ run_id -%}
  {%- set marts = campuslake.published_marts() -%}

  {%- for mart in marts if mart.name in snapshots -%}
    {%- do campuslake.execute_statement(
        'alter table ' ~ mart.schema ~ '.' ~ mart.name ~ ' create or replace tag `' ~ tag
        ~ '` as of version ' ~ (snapshots[mart.name] | int)
    ) -%}
  {%- endfor -%}

  {%- for database in marts | map(attribute='database') | unique -%}
    {%- do campuslake.execute_statement('create database if not exists ' ~ database) -%}
  {%- endfor -%}

  {%- for mart in marts -%}
    {%- if mart.name in snapshots -%}
      {%- do campuslake.execute_statement(campuslake.published_view(mart, tag)) -%}
    {%- else -%}
      {#- The run is older than the mart: nothing of another run may stand beside it. -#}
      {%- do campuslake.execute_statement('drop view if exists ' ~ mart.database ~ '.' ~ mart.name) -%}
    {%- endif -%}
  {%- endfor -%}

  {%- do campuslake.register_operations() -%}

{%- endmacro -%}


{#- The marts to publish: where each is built, and the database whose view shows it. -#}
{%- macro published_marts() -%}

  {%- set databases = {
      'presentation': target.schema,
      'identity': target.schema ~ '_identity',
  } -%}
  {%- set marts = [] -%}
  {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
    {%- set database = databases.get(node.config.meta.get('published_as')) -%}
    {%- if database -%}
      {%- do marts.append({
          'name': node.name,
          'schema': node.schema,
          'database': database,
          'description': node.description,
          'columns': node.columns,
      }) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(marts) }}

{%- endmacro -%}


{#-
    The view of one mart at a tag. Its columns are those of the tagged snapshot, which an older run may
    have other than today's; descriptions are today's, cut to what a metastore holds (256 characters).
-#}
{%- macro published_view(mart, tag) -%}

  {%- set tagged = mart.schema ~ '.' ~ mart.name ~ " version as of '" ~ tag ~ "'" -%}
  {%- set columns = [] -%}
  {%- for name in get_columns_in_query('select * from ' ~ tagged) -%}
    {%- set described = mart.columns.get(name, {}).get('description', '') -%}
    {%- do columns.append('`' ~ name ~ '` comment ' ~ campuslake.quoted(described | truncate(250))) -%}
  {%- endfor -%}

  create or replace view {{ mart.database }}.{{ mart.name }} (
      {{ columns | join(',\n      ') }}
  )
  comment {{ campuslake.quoted(mart.description) }}
  as select * from {{ tagged }}

{%- endmacro -%}


{#- A text, on one line, as a SQL string. -#}
{%- macro quoted(text) -%}
'{{ text.split() | join(' ') | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro -%}
