{#-
    Tables of what runs (orchestration/records.py) and gates (gates/verdicts.py) leave of themselves in
    the bucket, read where it lies, so that they are always of now. What a gate observed is left out.
    `runs`, `run_steps`, `gate_checks`, `published_views`.
-#}
{%- macro register_runs(database) -%}

  {%- set bucket = env_var('CAMPUSLAKE_BUCKET', '') or 'campuslake' -%}
  {%- set location = 's3a://' ~ bucket ~ '/runs/' ~ target.schema -%}
  {%- set sources = {
      'run_records': ["", "
          run_id string, state string, error string, started_at timestamp, ended_at timestamp,
          rows bigint, bytes bigint,
          steps array<struct<name: string, state: string, seconds: double, detail: string>>
      "],
      'verdict_records': ["/verdicts", "
          run_id string, layer string, judged_at timestamp,
          checks array<struct<table: string, expectation: string, column: string, passed: boolean>>
      "],
      'publication_records': ["/publication", "
          run_id string, published_at timestamp, rows map<string, bigint>
      "],
  } -%}
  {%- for name, (folder, columns) in sources.items() -%}
    {%- do campuslake.execute_statement('drop table if exists ' ~ database ~ '.' ~ name) -%}
    {%- do campuslake.execute_statement(
        'create table ' ~ database ~ '.' ~ name ~ ' (' ~ columns ~ ') using json'
        ~ " options (multiLine 'true', mode 'FAILFAST', pathGlobFilter '*.json'"
        ~ (", recursiveFileLookup 'true'" if folder else '')
        ~ ") location '" ~ location ~ folder ~ "'"
    ) -%}
  {%- endfor -%}

  {%- call statement(auto_begin=False) -%}
    create or replace view {{ database }}.runs (
        run_id comment 'The run; key',
        state comment 'running, done, failed or interrupted',
        error comment 'Why it failed, without values; empty when it did not',
        started_at comment 'When it began, an instant in UTC',
        ended_at comment 'When it ended, an instant in UTC; NULL while it runs',
        seconds comment 'Seconds of all its steps',
        rows comment 'Rows that its extract carried',
        bytes comment 'Bytes of CSV that its extract carried'
    )
    comment 'One row per run; key: run_id'
    as select
        run_id,
        state,
        error,
        started_at,
        ended_at,
        aggregate(steps, 0d, (total, step) -> total + step.seconds) as seconds,
        rows,
        bytes
    from {{ database }}.run_records
  {%- endcall -%}
  {%- call statement(auto_begin=False) -%}
    create or replace view {{ database }}.run_steps (
        run_id comment 'The run',
        started_at comment 'When the run began, an instant in UTC',
        step_number comment 'Place of the step in the order in which they ran last, from 1',
        step comment 'Name of the step',
        state comment 'running, done, failed or interrupted',
        seconds comment 'How long it took, in seconds',
        detail comment 'What it did in a few words'
    )
    comment 'One row per run and step; key: run_id, step'
    as select
        run_id,
        started_at,
        position + 1 as step_number,
        entry.name as step,
        entry.state,
        entry.seconds,
        entry.detail
    from {{ database }}.run_records
    lateral view posexplode(steps) as position, entry
  {%- endcall -%}
  {%- call statement(auto_begin=False) -%}
    create or replace view {{ database }}.gate_checks (
        run_id comment 'The run',
        layer comment 'The gate: staging or marts',
        judged_at comment 'When the gate judged, an instant in UTC',
        table_name comment 'The table that was judged',
        expectation comment 'What was expected of it',
        column_name comment 'The column; empty for the whole table',
        passed comment 'Whether it was so'
    )
    comment 'One row per run, gate and check'
    as select
        run_id,
        layer,
        judged_at,
        entry.table as table_name,
        entry.expectation,
        entry.column as column_name,
        entry.passed
    from {{ database }}.verdict_records
    lateral view explode(checks) as entry
  {%- endcall -%}
  {%- call statement(auto_begin=False) -%}
    create or replace view {{ database }}.published_views (
        run_id comment 'The run that the view shows',
        published_at comment 'When it was published, an instant in UTC',
        view_name comment 'Database and name of the view',
        rows comment 'Rows that the view shows'
    )
    comment 'One row per view that is published; key: view_name'
    as select
        run_id,
        published_at,
        entry_name as view_name,
        entry_rows as rows
    from {{ database }}.publication_records
    lateral view explode(rows) as entry_name, entry_rows
  {%- endcall -%}

{%- endmacro -%}
