{#-
    Points the external tables of the staging database at one run of the staging zone.

    `dbt build`, `run`, `test`, `snapshot` and `source freshness` call it first, for the run that
    stage/current.json names. The staging gate calls it for a run that it is about to judge:

        dbt run-operation register_staging --args '{run_id: RUN, database: campus_candidate}'

    The database remembers in its properties which run its tables stand for, and which list of
    tables, so that nothing is done twice. That note is taken away first and written last: a
    registration that dies half way is done again.
-#}
{%- macro register_staging(run_id=none, database=none) -%}
{%- if execute and target.name != 'lint' -%}

  {%- set database = database or target.schema ~ '_staging' -%}
  {%- do campuslake.require_strict_session() -%}
  {%- do campuslake.execute_statement('create database if not exists ' ~ database) -%}

  {%- set run_id = run_id or campuslake.current_run_id(database) -%}
  {%- if not modules.re.fullmatch('[0-9A-Za-z_]+', run_id) -%}
    {%- do exceptions.raise_compiler_error('not a run id: ' ~ run_id) -%}
  {%- endif -%}

  {%- set statements = campuslake.staging_table_statements(run_id, database) -%}
  {%- set registered = campuslake.registered_staging(database) -%}
  {%- set wanted = {'run_id': run_id, 'statements': local_md5(statements | join(';'))} -%}

  {%- if registered != wanted -%}
    {%- do campuslake.remember_registered_staging(database, {'run_id': '', 'statements': ''}) -%}
    {%- for statement in statements -%}
      {%- do campuslake.execute_statement(statement) -%}
    {%- endfor -%}
    {%- do campuslake.remember_registered_staging(database, wanted) -%}
    {%- do log(database ~ ' reads run ' ~ run_id, info=True) -%}
  {%- endif -%}

{%- endif -%}
{%- endmacro -%}


{#- The statements that make every external table of `database` anew over one run. -#}
{%- macro staging_table_statements(run_id, database) -%}

  {%- set run_folder = campuslake.staging_zone() ~ '/run_id=' ~ run_id -%}
  {%- set manifest = database ~ '.extract_manifest' -%}
  {%- set statements = [
      'drop table if exists ' ~ manifest,
      'create table ' ~ manifest ~ " using json location '" ~ run_folder ~ "/manifest.json'",
  ] -%}

  {%- for source in graph.sources.values() if source.source_name == 'erp' -%}
    {%- set table = database ~ '.' ~ source.identifier -%}
    {%- do statements.append('drop table if exists ' ~ table) -%}
    {%- do statements.append(
        'create table ' ~ table ~ ' using csv ' ~ campuslake.erp_csv_options()
        ~ " location '" ~ run_folder ~ '/' ~ source.name ~ "/'"
    ) -%}
  {%- endfor -%}

  {{ return(statements) }}

{%- endmacro -%}


{#-
    How PostgreSQL's `COPY … (format csv, header)` is read back value by value. Without a column
    list every column is a string named by the header: what the ERP adds passes, and a part whose
    header differs from the others' fails (enforceSchema). NULL is an empty field and '' is "":
    nullValue is set to a character that PostgreSQL cannot hold, else '' turns into NULL as well.
-#}
{%- macro erp_csv_options() -%}
options (
    header 'true', enforceSchema 'false', mode 'FAILFAST', encoding 'UTF-8',
    quote '"', escape '"', multiLine 'true', nullValue '\u0000', emptyValue ''
)
{%- endmacro -%}


{%- macro staging_zone() -%}
s3a://{{ env_var('CAMPUSLAKE_BUCKET', 'campuslake') }}/stage
{%- endmacro -%}


{#-
    The run that stage/current.json names. It is read through a table with a declared column,
    because that is empty, and not an engine error, when the file does not exist. The table may have
    been made for another bucket: each time it is pointed at this one.
-#}
{%- macro current_run_id(database) -%}

  {%- set pointer = database ~ '.extract_current' -%}
  {%- set location = " location '" ~ campuslake.staging_zone() ~ "/current.json'" -%}
  {%- do campuslake.execute_statement(
      'create table if not exists ' ~ pointer ~ " (run_id string) using json options (mode 'FAILFAST')"
      ~ location
  ) -%}
  {%- do campuslake.execute_statement('alter table ' ~ pointer ~ ' set' ~ location) -%}
  {%- set run_ids = run_query('select run_id from ' ~ pointer).columns[0].values() -%}

  {%- if run_ids | length != 1 or not run_ids[0] -%}
    {%- do exceptions.raise_compiler_error(
        'no audited run in the staging zone of bucket ' ~ env_var('CAMPUSLAKE_BUCKET', 'campuslake')
        ~ ' — run `campuslake run`'
    ) -%}
  {%- endif -%}
  {{ return(run_ids[0]) }}

{%- endmacro -%}


{#- What the database's properties say about the tables it holds. -#}
{%- macro registered_staging(database) -%}

  {%- set properties = namespace(text='') -%}
  {%- for row in run_query('describe database extended ' ~ database).rows -%}
    {%- if row[0] == 'Properties' -%}
      {%- set properties.text = row[1] -%}
    {%- endif -%}
  {%- endfor -%}

  {%- set registered = {} -%}
  {%- for name in ['run_id', 'statements'] -%}
    {%- set found = modules.re.search('[(]campuslake[.]' ~ name ~ ',([^)]*)[)]', properties.text) -%}
    {%- do registered.update({name: found.group(1) if found else ''}) -%}
  {%- endfor -%}
  {{ return(registered) }}

{%- endmacro -%}


{%- macro remember_registered_staging(database, registered) -%}
  {%- do campuslake.execute_statement(
      'alter database ' ~ database ~ " set dbproperties ('campuslake.run_id' = '"
      ~ registered.run_id ~ "', 'campuslake.statements' = '" ~ registered.statements ~ "')"
  ) -%}
{%- endmacro -%}


{#-
    Staging casts must fail on a malformed value, and days are taken from UTC instants. dbt-spark
    asks for the opposite of the first ("spark.sql.ansi.enabled" = false; the Thrift server does not
    listen), so the session is asked, by what only strict arithmetic answers.
-#}
{%- macro require_strict_session() -%}

  {%- set answer = run_query("select typeof(1 + '1'), current_timezone()").rows[0] -%}
  {%- if answer[0] != 'bigint' or answer[1] != 'UTC' -%}
    {%- do exceptions.raise_compiler_error(
        'the Thrift server must run with spark.sql.ansi.enabled=true and'
        ~ ' spark.sql.session.timeZone=UTC (infra/spark/shared.conf)'
    ) -%}
  {%- endif -%}

{%- endmacro -%}


{#- Runs a statement that answers nothing: PyHive cannot fetch from DDL, as `run_query` would. -#}
{%- macro execute_statement(sql) -%}
  {%- call statement(auto_begin=False) -%}
    {{ sql }}
  {%- endcall -%}
{%- endmacro -%}
