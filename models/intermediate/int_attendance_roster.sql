{#- A table: the largest join of the project, and every mart on attendance reads it. -#}
{{ config(materialized='table') }}

with

calls as (

    select * from {{ ref('int_roll_calls') }}

),

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

lessons as (

    select * from {{ ref('stg_erp__lessons') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

lesson_days as (

    select
        lessons.lesson_id,
        lessons.subject_id,
        lessons.campus_id,
        subjects.level,
        {{ local_day('lessons.starts_at') }} as lesson_day,
        {{ school_year(local_day('lessons.starts_at')) }} as school_year

    from lessons

    left join subjects on lessons.subject_id = subjects.subject_id

),

lessons_held as (

    select lesson_days.*

    from lesson_days

    inner join observed_until on lesson_days.lesson_day <= observed_until.observed_until

),

expected as (

    select
        lessons_held.lesson_id,
        student_school_years.student_id,
        lessons_held.subject_id,
        lessons_held.campus_id,
        lessons_held.lesson_day,
        lessons_held.school_year

    from lessons_held

    inner join student_school_years
        on
            lessons_held.school_year = student_school_years.school_year
            and lessons_held.campus_id = student_school_years.lessons_campus_id
            and lessons_held.level = student_school_years.promotion
            and {{ is_enrolled_on('student_school_years', 'lessons_held.lesson_day') }}

),

-- Some are expected and not called, some called and not expected.
roster as (

    select
        calls.attendance_id,
        coalesce(expected.lesson_id, calls.lesson_id) as lesson_id,
        coalesce(expected.student_id, calls.student_id) as student_id,
        coalesce(expected.subject_id, calls.subject_id) as subject_id,
        coalesce(expected.campus_id, calls.campus_id) as campus_id,
        expected.lesson_id is not null as is_expected,
        calls.lesson_id is not null as is_called,
        calls.attendance_status,
        calls.is_attended,
        coalesce(expected.lesson_day, calls.lesson_day) as lesson_day,
        coalesce(expected.school_year, calls.school_year) as school_year

    from expected

    full outer join calls
        on
            expected.lesson_id = calls.lesson_id
            and expected.student_id = calls.student_id

)

select * from roster
