{#-
    Makes tables of what extracts leave of themselves (extract/metrics.py), in the database of
    operations: `extract_runs`, one row per run, and `extract_tables`, one per run and table. Beside them
    stands what runs and gates leave (register_runs).
-#}
{%- macro register_operations() -%}

  {%- set database = target.schema ~ '_ops' -%}
  {%- set location = 's3a://' ~ (env_var('CAMPUSLAKE_BUCKET', '') or 'campuslake') ~ '/ops/extract_runs' -%}
  {%- do campuslake.execute_statement('create database if not exists ' ~ database) -%}
  {%- do campuslake.execute_statement('drop table if exists ' ~ database ~ '.extract_runs') -%}
  {%- call statement(auto_begin=False) -%}
    create table {{ database }}.extract_runs (
        run_id string comment 'The run; key',
        state string comment 'committed or failed',
        error string comment 'Why it failed; empty when it did not',
        started_at timestamp comment 'When it began, an instant in UTC',
        ended_at timestamp comment 'When it was committed or given up, an instant in UTC',
        seconds double comment 'From its beginning to its end',
        snapshot_seconds double comment 'How long the ERP kept the snapshot, in seconds; NULL when it failed',
        rows bigint comment 'Rows of all tables',
        csv_bytes bigint comment 'Bytes of CSV that it carried',
        bytes bigint comment 'Bytes that it stored',
        connections int comment 'Connections to the ERP that copied',
        compression string comment 'gzip or none',
        tables array<struct<name: string, rows: bigint, csv_bytes: bigint, bytes: bigint, seconds: double, is_whole: boolean>>
            comment 'Each table; extract_tables has them as rows'
    )
    using json
    options (mode 'FAILFAST')
    comment 'One row per extract, done or failed; key: run_id'
    location '{{ location }}'
  {%- endcall -%}
  {%- call statement(auto_begin=False) -%}
    create or replace view {{ database }}.extract_tables
    comment 'One row per extract and table; key: run_id, table_name'
    as select
        run_id,
        ended_at,
        entry.name as table_name,
        entry.rows,
        entry.csv_bytes,
        entry.bytes,
        entry.seconds,
        entry.is_whole
    from {{ database }}.extract_runs
    lateral view explode(tables) as entry
  {%- endcall -%}
  {%- do campuslake.register_runs(database) -%}

{%- endmacro -%}
