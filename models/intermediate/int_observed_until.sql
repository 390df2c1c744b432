{#- A table: one row that many marts read, from the largest tables. -#}
{{ config(materialized='table') }}

with

last_days as (

    select max(lesson_day) as last_day
    from {{ ref('int_attendance_roster') }}

    union all

    select max(graded_on) as last_day
    from {{ ref('stg_erp__grades') }}

    union all

    select max({{ local_day('collected_at') }}) as last_day
    from {{ ref('stg_erp__audiences') }}

    union all

    select greatest(max(join_date), max(left_date)) as last_day
    from {{ ref('stg_erp__students') }}

)

select
    max(last_day) as observed_until,
    {{ school_year('max(last_day)') }} as school_year

from last_days
