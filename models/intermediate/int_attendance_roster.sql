{#- A table: the largest join of the project, and every mart on attendance reads it. -#}
{{ config(materialized='table') }}

with

attendances as (

    select * from {{ ref('stg_erp__attendances') }}

),

lessons as (

    select * from {{ ref('stg_erp__lessons') }}

),

enrolment_periods as (

    select * from {{ ref('int_enrolment_periods') }}

),

-- Once per lesson, not once per student in it.
lesson_days as (

    select
        lesson_id,
        subject_id,
        campus_id,
        {{ local_day('starts_at') }} as lesson_day

    from lessons

),

calls_while_enrolled as (

    select
        attendances.attendance_id,
        attendances.lesson_id,
        attendances.student_id,
        lesson_days.subject_id,
        lesson_days.campus_id,
        attendances.attendance_status,
        {{ is_attended('attendances.attendance_status') }} as is_attended,
        lesson_days.lesson_day,
        {{ school_year('lesson_days.lesson_day') }} as school_year

    from attendances

    inner join lesson_days
        on attendances.lesson_id = lesson_days.lesson_id

    inner join enrolment_periods
        on
            attendances.student_id = enrolment_periods.student_id
            and {{ is_enrolled_on('enrolment_periods', 'lesson_days.lesson_day') }}

)

select * from calls_while_enrolled
