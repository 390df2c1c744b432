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

rolls as (

    select
        lesson_id,
        count_if(is_expected) as students_expected,
        count_if(is_called) as students_called,
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
    coalesce(rolls.students_called, 0) > 0 as is_roll_called,
    coalesce(rolls.students_expected, 0) as students_expected,
    coalesce(rolls.students_called, 0) as students_called,
    {{ unless_small('rolls.students_attended', 'rolls.students_called') }} as students_attended,
    {{ is_small_group('coalesce(rolls.students_called, 0)') }} as is_small_group

from lessons

left join subjects on lessons.subject_id = subjects.subject_id

left join rolls on lessons.lesson_id = rolls.lesson_id
