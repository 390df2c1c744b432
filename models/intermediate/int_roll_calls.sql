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

snapshot_day as (

    select * from {{ ref('int_snapshot_day') }}

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

-- An absence that is excused in advance is of no lesson yet.
lessons_held as (

    select lesson_days.*

    from lesson_days

    inner join snapshot_day on lesson_days.lesson_day <= snapshot_day.snapshot_day

),

calls_while_enrolled as (

    select
        attendances.attendance_id,
        attendances.lesson_id,
        attendances.student_id,
        lessons_held.subject_id,
        lessons_held.campus_id,
        attendances.attendance_status,
        {{ is_attended('attendances.attendance_status') }} as is_attended,
        lessons_held.lesson_day,
        {{ school_year('lessons_held.lesson_day') }} as school_year

    from attendances

    inner join lessons_held
        on attendances.lesson_id = lessons_held.lesson_id

    inner join enrolment_periods
        on
            attendances.student_id = enrolment_periods.student_id
            and {{ is_enrolled_on('enrolment_periods', 'lessons_held.lesson_day') }}

)

select * from calls_while_enrolled
