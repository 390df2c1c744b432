{#- A table: a few rows that the marts join again and again. -#}
{{ config(materialized='table') }}

with

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

student_years as (

    select * from {{ ref('int_student_school_years') }}

),

events as (

    select * from {{ ref('stg_erp__events') }}

),

-- Events of the year before the first intake are those that recruited it.
first_years as (

    select min(school_year) as school_year
    from student_years

    union all

    select min({{ school_year('held_on') }}) as school_year
    from events

),

school_years as (

    select explode(sequence(first_year.school_year, observed_until.school_year)) as school_year

    from (select min(school_year) as school_year from first_years) as first_year

    cross join observed_until

    where first_year.school_year <= observed_until.school_year

),

with_days as (

    select
        school_years.school_year,
        {{ school_year_start('school_years.school_year') }} as first_day,
        least(
            {{ school_year_end('school_years.school_year') }}, observed_until.observed_until
        ) as last_observed_day,
        coalesce(
            {{ school_year('observed_until.recorded_from') }} <= school_years.school_year
            and {{ school_year_end('school_years.school_year') }} <= observed_until.observed_until,
            false
        ) as is_complete_year

    from school_years

    cross join observed_until

)

select * from with_days
