{#- A table: what history and forecasts count, before small groups lose their measures. -#}
{{ config(materialized='table') }}

with

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

school_years as (

    select * from {{ ref('int_school_years') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

counted as (

    select
        campus_id,
        school_year,
        promotion,
        count(*) as students,
        count_if(is_intake) as intake,
        count_if(status_at_end <> 'enrolled') as leavers,
        count_if(
            {{ enrolment_count_day('school_year') }} between enrolled_from and enrolled_until
        ) as students_on_count_day

    from student_school_years

    group by campus_id, school_year, promotion

),

dated as (

    select
        counted.*,
        {{ enrolment_count_day('counted.school_year') }}
        between observed_until.recorded_from and observed_until.observed_until as is_counted_year,
        school_years.is_complete_year

    from counted

    inner join school_years on counted.school_year = school_years.school_year

    cross join observed_until

)

select
    campus_id,
    school_year,
    promotion,
    students,
    intake,
    leavers,
    students_on_count_day,
    coalesce(is_counted_year, false) as is_counted_year,
    is_complete_year

from dated
