{#- A table: one row that many marts read, from the largest tables. -#}
{{ config(materialized='table') }}

with

days as (

    select max(lesson_day) as last_day
    from {{ ref('int_roll_calls') }}

    union all

    select graded_on as last_day
    from {{ ref('stg_erp__grades') }}

    union all

    select {{ local_day('collected_at') }} as last_day
    from {{ ref('stg_erp__audiences') }}

    union all

    select join_date as last_day
    from {{ ref('int_students') }}

    union all

    select left_date as last_day
    from {{ ref('int_students') }}

),

-- What is dated later than the extract is planned, or mistyped.
last_days as (

    select max(days.last_day) as last_day

    from days

    inner join {{ ref('int_snapshot_day') }} as snapshot_day
        on days.last_day <= snapshot_day.snapshot_day

),

first_days as (

    select min(lesson_day) as first_day
    from {{ ref('int_roll_calls') }}

)

select
    first_days.first_day as recorded_from,
    last_days.last_day as observed_until,
    {{ school_year('last_days.last_day') }} as school_year

from last_days

cross join first_days
