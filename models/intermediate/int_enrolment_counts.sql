{#- A table: what history and forecasts count, before small groups lose their measures. -#}
{{ config(materialized='table') }}

with

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

-- Of the time before the first roll the ERP knows only those who were still there.
recorded as (

    select
        min(roster.lesson_day) as recorded_from,
        max(observed_until.observed_until) as recorded_until

    from roster

    cross join observed_until

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
        between recorded.recorded_from and recorded.recorded_until as is_counted_year,
        coalesce(
            {{ school_year('recorded.recorded_from') }} <= counted.school_year
            and {{ school_year_end('counted.school_year') }} <= recorded.recorded_until,
            false
        ) as is_complete_year

    from counted

    cross join recorded

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
