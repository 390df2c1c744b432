with

students as (

    select * from {{ ref('int_students') }}

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

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

contact_matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

results_by_year as (

    select
        student_id,
        {{ school_year('graded_on') }} as school_year,
        {{ average_grade('grade') }} as average_grade

    from grades

    group by student_id, {{ school_year('graded_on') }}

),

last_years as (

    select
        student_id,
        max(school_year) as last_graded_school_year,
        max_by(average_grade, school_year) as average_grade_last_year

    from results_by_year

    group by student_id

),

results as (

    select
        grades.student_id,
        {{ average_grade('grades.grade') }} as average_grade,
        count(*) as grade_count,
        {{ average_grade("case when subjects.level = 'BSC' then grades.grade end") }}
            as average_grade_bsc,
        {{ average_grade("case when subjects.level = 'MSC1' then grades.grade end") }}
            as average_grade_msc1,
        {{ average_grade("case when subjects.level = 'MSC2' then grades.grade end") }}
            as average_grade_msc2

    from grades

    left join subjects on grades.subject_id = subjects.subject_id

    group by grades.student_id

),

attendance as (

    select
        student_id,
        count_if(is_called) as lessons_called,
        count_if(is_attended) as lessons_attended,
        count_if(not is_called) as lessons_not_called

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
        students.status,

        results.average_grade,
        coalesce(results.grade_count, 0) as grade_count,

        {{ attendance_rate('attendance.lessons_attended', 'attendance.lessons_called') }}
            as attendance_rate,
        coalesce(attendance.lessons_called, 0) as lessons_called,
        coalesce(attendance.lessons_attended, 0) as lessons_attended,
        coalesce(attendance.lessons_not_called, 0) as lessons_not_called,

        touches.last_event_id is not null as recruited_at_event,
        touches.first_event_id,
        touches.last_event_id,

        results.average_grade_bsc,
        results.average_grade_msc1,
        results.average_grade_msc2,
        last_years.last_graded_school_year,
        last_years.average_grade_last_year

    from students

    left join campuses on students.campus_id = campuses.campus_id

    left join student_keys on students.student_id = student_keys.student_id

    left join results on students.student_id = results.student_id

    left join last_years on students.student_id = last_years.student_id

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
    lessons_not_called,
    {{ is_chronic_absentee('attendance_rate', 'lessons_called') }} as is_chronic_absentee,
    recruited_at_event,
    first_event_id,
    last_event_id,
    average_grade_bsc,
    average_grade_msc1,
    average_grade_msc2,
    last_graded_school_year,
    average_grade_last_year,
    {{ grade_rank('region') }} as rank_in_region,
    {{ grade_rank('origin_institution') }} as rank_in_institution,
    {{ grade_rank('campus_id') }} as rank_in_campus

from joined

-- The order of the ERP's student ids would tell which key is whose.
order by student_key
