with

lessons as (

    select * from {{ ref('stg_erp__lessons') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

calls as (

    select
        lesson_id,
        count(*) as students_called,
        count_if(is_attended) as students_attended

    from roster

    group by lesson_id

)

select
    lessons.lesson_id,
    lessons.subject_id,
    subjects.subject_name,
    subjects.level,
    lessons.campus_id,
    lessons.starts_at,
    lessons.ends_at,
    {{ local_day('lessons.starts_at') }} as lesson_day,
    {{ school_year(local_day('lessons.starts_at')) }} as school_year,
    (unix_timestamp(lessons.ends_at) - unix_timestamp(lessons.starts_at)) / 60.0d as minutes,
    calls.lesson_id is not null as is_roll_called,
    coalesce(calls.students_called, 0) as students_called,
    {{ unless_small('calls.students_attended', 'calls.students_called') }} as students_attended,
    {{ is_small_group('coalesce(calls.students_called, 0)') }} as is_small_group

from lessons

left join subjects on lessons.subject_id = subjects.subject_id

left join calls on lessons.lesson_id = calls.lesson_id
