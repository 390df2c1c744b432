with

students as (

    select * from {{ ref('stg_erp__students') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

contact_matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

results as (

    select
        student_id,
        {{ average_grade('grade') }} as average_grade,
        count(*) as grade_count

    from grades

    group by student_id

),

attendance as (

    select
        student_id,
        count(*) as lessons_called,
        count_if(is_attended) as lessons_attended

    from roster

    group by student_id

),

touches as (

    select
        student_id,
        max(case when is_first_touch then event_id end) as first_event_id,
        max(case when is_last_touch then event_id end) as last_event_id

    from contact_matches

    group by student_id

),

-- Every student once, whatever is missing beside.
joined as (

    select
        student_keys.student_key,

        students.gender,
        year(students.date_of_birth) as birth_year,
        students.campus_id,
        campuses.campus_name,
        {{ student_region('students.home_region', 'campuses.region') }} as region,
        {{ student_region_source('students.home_region') }} as region_source,
        students.origin_institution,
        students.promotion,
        students.join_date,
        students.left_date,
        {{ student_status('students.left_date', 'students.leave_reason') }} as status,

        results.average_grade,
        coalesce(results.grade_count, 0) as grade_count,

        {{ attendance_rate('attendance.lessons_attended', 'attendance.lessons_called') }}
            as attendance_rate,
        coalesce(attendance.lessons_called, 0) as lessons_called,
        coalesce(attendance.lessons_attended, 0) as lessons_attended,

        touches.last_event_id is not null as recruited_at_event,
        touches.first_event_id,
        touches.last_event_id

    from students

    left join campuses on students.campus_id = campuses.campus_id

    left join student_keys on students.student_id = student_keys.student_id

    left join results on students.student_id = results.student_id

    left join attendance on students.student_id = attendance.student_id

    left join touches on students.student_id = touches.student_id

)

select
    student_key,
    gender,
    birth_year,
    campus_id,
    campus_name,
    region,
    region_source,
    origin_institution,
    promotion,
    join_date,
    left_date,
    status,
    average_grade,
    grade_count,
    attendance_rate,
    lessons_called,
    lessons_attended,
    {{ is_chronic_absentee('attendance_rate', 'lessons_called') }} as is_chronic_absentee,
    recruited_at_event,
    first_event_id,
    last_event_id

from joined

-- The order of the ERP's student ids would tell which key is whose.
order by student_key
