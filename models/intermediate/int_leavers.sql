{#- A table: both marts on dropouts read it, and it reads the roster. -#}
{{ config(materialized='table') }}

with

students as (

    select * from {{ ref('int_students') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

apprenticeships as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

contact_matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

leavers as (

    select
        students.student_id,
        students.gender,
        students.campus_id,
        campuses.campus_name,
        campuses.region as campus_region,
        {{ student_region('students.home_region', 'campuses.region') }} as region,
        {{ student_region_source('students.home_region') }} as region_source,
        students.origin_institution,
        students.promotion,
        students.join_date,
        students.left_date,
        students.status,
        students.leave_reason,
        {{
            is_course_over(
                'coalesce(intakes.promotion, students.promotion)',
                'students.join_date',
                'observed_until.school_year'
            )
        }} as is_course_over

    from students

    cross join observed_until

    left join student_school_years as intakes
        on students.student_id = intakes.student_id and intakes.is_intake

    left join campuses on students.campus_id = campuses.campus_id

    where students.left_date is not null

),

calls as (

    select
        roster.student_id,
        roster.is_attended,
        row_number() over (
            partition by roster.student_id order by roster.lesson_day, roster.lesson_id
        ) <= {{ var('early_lessons') }} as is_early,
        {{ is_in_last_days('roster.lesson_day', 'leavers.left_date', 30) }} as is_in_last_30_days,
        {{ is_in_last_days('roster.lesson_day', 'leavers.left_date', 90) }} as is_in_last_90_days

    from roster

    inner join leavers on roster.student_id = leavers.student_id

    where roster.is_called

),

attendance as (

    select
        student_id,
        count_if(is_early) as early_lessons_called,
        count_if(is_early and is_attended) as early_lessons_attended,
        count_if(is_in_last_30_days) as lessons_called_30d,
        count_if(is_in_last_30_days and is_attended) as lessons_attended_30d,
        count_if(is_in_last_90_days) as lessons_called_90d,
        count_if(is_in_last_90_days and is_attended) as lessons_attended_90d

    from calls

    group by student_id

),

grades_of_stay as (

    select
        grades.student_id,
        grades.subject_id,
        grades.grade,
        row_number() over (
            partition by grades.student_id order by grades.graded_on, grades.grade_id
        ) <= {{ var('early_grades') }} as is_early

    from grades

    inner join leavers
        on
            grades.student_id = leavers.student_id
            and grades.graded_on <= leavers.left_date

),

results_by_subject as (

    select
        student_id,
        subject_id,
        {{ average_grade('grade') }} as average_grade,
        sum(grade) as grade_sum,
        count(*) as grade_count,
        sum(case when is_early then grade end) as early_grade_sum,
        count_if(is_early) as early_grade_count

    from grades_of_stay

    group by student_id, subject_id

),

results as (

    select
        student_id,
        {{ share('sum(grade_sum)', 'sum(grade_count)') }} as average_grade,
        {{ share('sum(early_grade_sum)', 'sum(early_grade_count)') }} as early_average_grade,
        sum(early_grade_count) as early_grade_count,
        count_if({{ is_failed('average_grade') }}) as failed_subjects

    from results_by_subject

    group by student_id

),

contracted as (

    -- A student may have several.
    select distinct leavers.student_id

    from apprenticeships

    inner join leavers
        on
            apprenticeships.student_id = leavers.student_id
            and {{
                is_contract_of_stay('apprenticeships', 'leavers.join_date', 'leavers.left_date')
            }}

),

recruits as (

    select student_id

    from contact_matches

    where is_last_touch

),

joined as (

    select
        leavers.student_id,
        leavers.gender,
        leavers.campus_id,
        leavers.campus_name,
        leavers.campus_region,
        leavers.region,
        leavers.region_source,
        leavers.origin_institution,
        leavers.promotion,
        leavers.left_date,
        leavers.status,
        leavers.leave_reason,
        leavers.is_course_over,
        {{ tenure_days('leavers.join_date', 'leavers.left_date') }} as tenure_days,
        coalesce(attendance.early_lessons_called, 0) as early_lessons_called,
        {{
            attendance_rate('attendance.early_lessons_attended', 'attendance.early_lessons_called')
        }} as early_attendance_rate,
        {{ attendance_rate('attendance.lessons_attended_30d', 'attendance.lessons_called_30d') }}
            as attendance_rate_30d,
        {{ attendance_rate('attendance.lessons_attended_90d', 'attendance.lessons_called_90d') }}
            as attendance_rate_90d,
        {{
            attendance_rate(
                '(attendance.lessons_attended_90d - attendance.lessons_attended_30d)',
                '(attendance.lessons_called_90d - attendance.lessons_called_30d)'
            )
        }} as attendance_rate_before_30d,
        results.average_grade,
        results.early_average_grade,
        coalesce(results.early_grade_count, 0) as early_grade_count,
        coalesce(results.failed_subjects, 0) as failed_subjects,
        contracted.student_id is not null as had_contract,
        recruits.student_id is not null as recruited_at_event

    from leavers

    left join attendance on leavers.student_id = attendance.student_id

    left join results on leavers.student_id = results.student_id

    left join contracted on leavers.student_id = contracted.student_id

    left join recruits on leavers.student_id = recruits.student_id

)

select * from joined
