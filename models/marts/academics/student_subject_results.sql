with

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

results as (

    select
        student_id,
        subject_id,
        {{ school_year('graded_on') }} as school_year,
        {{ average_grade('grade') }} as average_grade,
        count(*) as grade_count

    from grades

    group by student_id, subject_id, {{ school_year('graded_on') }}

),

attendance as (

    select
        student_id,
        subject_id,
        school_year,
        count(*) as lessons_called,
        count_if(is_attended) as lessons_attended

    from roster

    where is_called

    group by student_id, subject_id, school_year

),

-- Some have lessons without a grade, some a grade without a lesson.
joined as (

    select
        coalesce(results.student_id, attendance.student_id) as student_id,
        coalesce(results.subject_id, attendance.subject_id) as subject_id,
        coalesce(results.school_year, attendance.school_year) as school_year,
        results.average_grade,
        coalesce(results.grade_count, 0) as grade_count,
        coalesce(attendance.lessons_called, 0) as lessons_called,
        coalesce(attendance.lessons_attended, 0) as lessons_attended

    from results

    full outer join attendance
        on
            results.student_id = attendance.student_id
            and results.subject_id = attendance.subject_id
            and results.school_year = attendance.school_year

)

select
    student_keys.student_key,
    joined.subject_id,
    joined.school_year,
    subjects.subject_name,
    subjects.level,
    joined.average_grade,
    joined.grade_count,
    {{ attendance_rate('joined.lessons_attended', 'joined.lessons_called') }} as attendance_rate,
    joined.lessons_called,
    joined.lessons_attended

from joined

left join student_keys on joined.student_id = student_keys.student_id

left join subjects on joined.subject_id = subjects.subject_id

-- The order of the ERP's student ids would tell which key is whose.
order by student_keys.student_key, joined.school_year, joined.subject_id
