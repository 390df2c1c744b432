{#-
    Points the external tables of the staging database at one run of the staging zone.

    `dbt build`, `run`, `test`, `snapshot` and `source freshness` call it first, for the run that
    stage/current.json names, or the one of `--vars '{run_id: RUN}'`.

    The database remembers in its properties which run its tables stand for, and which list of
    tables, so that nothing is done twice. That note is taken away first and written last: a
    registration that dies half way is done again.
-#}
{%- macro register_staging(run_id=none) -%}
{%- if execute and target.name != 'lint' -%}

  {%- set database = target.schema ~ '_staging' -%}
  {%- do campuslake.require_strict_session() -%}
  {%- do campuslake.execute_statement('create database if not exists ' ~ database) -%}

  {%- set run_id = run_id or campuslake.current_run_id(database) -%}
  {%- if not modules.re.fullmatch('[0-9A-Za-z_]+', run_id) -%}
    {%- do exceptions.raise_compiler_error('not a run id: ' ~ run_id) -%}
  {%- endif -%}

  {%- set registered = campuslake.registered_staging(database) -%}
  {%- if registered.run_id != run_id -%}
    {%- do campuslake.register_manifest(run_id, database) -%}
  {%- endif -%}
  {%- set statements = campuslake.staging_table_statements(run_id, database) -%}
  {%- set wanted = {'run_id': run_id, 'statements': local_md5(statements | join(';'))} -%}

  {%- if registered != wanted -%}
    {%- do campuslake.remember_registered_staging(database, {'run_id': '', 'statements': ''}) -%}
    {%- do campuslake.drop_registered(database) -%}
    {%- for statement in statements -%}
      {%- do campuslake.execute_statement(statement) -%}
    {%- endfor -%}
    {%- do campuslake.remember_registered_staging(database, wanted) -%}
    {%- do log(database ~ ' reads run ' ~ run_id, info=True) -%}
  {%- endif -%}

{%- endif -%}
{%- endmacro -%}


{#-
    The statements that make everything in `database` anew over one run: an external table for each
    table that the run carries whole; for one that it carries as changes, external tables
    `TABLE__0`, `TABLE__1` … of the runs that it builds on and a view of what they say together.
-#}
{%- macro staging_table_statements(run_id, database) -%}

  {%- set entries = campuslake.manifest_entries(database) -%}
  {%- set statements = [] -%}
  {%- for source in graph.sources.values() if source.source_name == 'erp' -%}

    {%- set table = database ~ '.' ~ source.identifier -%}
    {%- set entry = entries.get(source.name, {}) -%}
    {%- if entry.get('layers') -%}
      {%- set layers = entry.layers.split(',') -%}
      {%- for layer in layers -%}
        {%- set run_folder = campuslake.staging_zone() ~ '/run_id=' ~ layer ~ '/' -%}
        {%- if loop.first -%}
          {%- do statements.append(campuslake.csv_table(table ~ '__0', run_folder ~ source.name)) -%}
        {%- else -%}
          {%- set changes = run_folder ~ 'changes/' ~ source.name -%}
          {%- set name = table ~ '__' ~ loop.index0 -%}
          {%- do statements.append(campuslake.csv_table(name, changes ~ '/rows')) -%}
          {%- do statements.append(campuslake.csv_table(name ~ '_deleted', changes ~ '/deleted')) -%}
        {%- endif -%}
      {%- endfor -%}
      {%- do statements.append(
          'create view ' ~ table ~ ' as '
          ~ campuslake.rebuilt_rows(table ~ '_', entry.key, layers | length - 1)
      ) -%}
    {%- else -%}
      {%- set run_folder = campuslake.staging_zone() ~ '/run_id=' ~ run_id ~ '/' -%}
      {%- do statements.append(campuslake.csv_table(table, run_folder ~ source.name)) -%}
    {%- endif -%}

  {%- endfor -%}

  {{ return(statements) }}

{%- endmacro -%}


{#- Points `extract_manifest` at the manifest of a run. -#}
{%- macro register_manifest(run_id, database) -%}

  {%- set manifest = database ~ '.extract_manifest' -%}
  {%- set location = campuslake.staging_zone() ~ '/run_id=' ~ run_id ~ '/manifest.json' -%}
  {%- do campuslake.execute_statement('drop table if exists ' ~ manifest) -%}
  {%- do campuslake.execute_statement(
      'create table ' ~ manifest ~ " using json location '" ~ location ~ "'"
  ) -%}

{%- endmacro -%}


{#- How a run holds each table: the runs that it builds on, parted by commas, and the table's key. -#}
{%- macro manifest_entries(database) -%}

  {%- set entries = {} -%}
  {%- for row in run_query(
      "select entry.name, concat_ws(',', entry.layers), entry.key from "
      ~ database ~ '.extract_manifest lateral view explode(tables) as entry'
  ).rows -%}
    {%- do entries.update({row[0]: {'layers': row[1], 'key': row[2]}}) -%}
  {%- endfor -%}
  {{ return(entries) }}

{%- endmacro -%}


{%- macro csv_table(table, folder) -%}
create table {{ table }} using csv {{ campuslake.erp_csv_options() }} location '{{ folder }}/'
{%- endmacro -%}


{#- Drops the external tables of a database and the views over them; what models made stays. -#}
{%- macro drop_registered(database) -%}

  {%- set views = run_query('show views in ' ~ database ~ " like 'erp_*'").rows | map(attribute=1) | list -%}
  {%- for view in views -%}
    {%- do campuslake.execute_statement('drop view ' ~ database ~ '.' ~ view) -%}
  {%- endfor -%}
  {%- for row in run_query('show tables in ' ~ database ~ " like 'erp_*'").rows if row[1] not in views -%}
    {%- do campuslake.execute_statement('drop table ' ~ database ~ '.' ~ row[1]) -%}
  {%- endfor -%}

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
s3a://{{ env_var('CAMPUSLAKE_BUCKET', '') or 'campuslake' }}/stage
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
        'no audited run in the staging zone of bucket ' ~ (env_var('CAMPUSLAKE_BUCKET', '') or 'campuslake')
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
