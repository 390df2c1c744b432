{#- A table: what every mart by school year counts. -#}
{{ config(materialized='table') }}

with

students as (

    select * from {{ ref('int_students') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

roll_calls as (

    select * from {{ ref('int_roll_calls') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

enrolled_years as (

    select
        students.student_id,
        students.campus_id,
        {{ student_region('students.home_region', 'campuses.region') }} as region,
        students.promotion as present_promotion,
        students.join_date,
        students.left_date,
        students.status,
        explode(
            sequence(
                {{ school_year('students.join_date') }},
                {{ school_year('coalesce(students.left_date, observed_until.observed_until)') }}
            )
        ) as school_year

    from students

    left join campuses on students.campus_id = campuses.campus_id

    cross join observed_until

    -- One who is to join later has no school year yet.
    where students.join_date <= coalesce(students.left_date, observed_until.observed_until)

),

calls_by_group as (

    select
        roll_calls.student_id,
        roll_calls.school_year,
        roll_calls.campus_id,
        subjects.level,
        count(*) as lessons_called,
        count_if(roll_calls.is_attended) as lessons_attended

    from roll_calls

    left join subjects on roll_calls.subject_id = subjects.subject_id

    group by roll_calls.student_id, roll_calls.school_year, roll_calls.campus_id, subjects.level

),

calls_weighed as (

    select
        *,
        sum(lessons_called) over (partition by student_id, school_year, level) as called_at_level,
        sum(lessons_called) over (partition by student_id, school_year, campus_id)
            as called_at_campus

    from calls_by_group

),

calls as (

    select
        student_id,
        school_year,
        max_by(level, struct(called_at_level, level)) as promotion,
        max_by(campus_id, struct(called_at_campus, campus_id)) as campus_id,
        sum(lessons_called) as lessons_called,
        sum(lessons_attended) as lessons_attended

    from calls_weighed

    group by student_id, school_year

),

results as (

    select
        student_id,
        {{ school_year('graded_on') }} as school_year,
        sum(grade) as grade_sum,
        count(*) as grade_count

    from grades

    group by student_id, {{ school_year('graded_on') }}

),

joined as (

    select
        enrolled_years.student_id,
        enrolled_years.school_year,
        enrolled_years.campus_id,
        enrolled_years.region,
        coalesce(calls.promotion, enrolled_years.present_promotion) as promotion,
        coalesce(calls.campus_id, enrolled_years.campus_id) as lessons_campus_id,
        greatest(
            enrolled_years.join_date, {{ school_year_start('enrolled_years.school_year') }}
        ) as enrolled_from,
        least(
            enrolled_years.left_date, {{ school_year_end('enrolled_years.school_year') }}
        ) as enrolled_until,
        enrolled_years.school_year = {{ school_year('enrolled_years.join_date') }} as is_intake,
        case
            when enrolled_years.school_year = {{ school_year('enrolled_years.left_date') }}
                then enrolled_years.status
            else 'enrolled'
        end as status_at_end,
        coalesce(calls.lessons_called, 0) as lessons_called,
        coalesce(calls.lessons_attended, 0) as lessons_attended,
        coalesce(results.grade_sum, 0) as grade_sum,
        coalesce(results.grade_count, 0) as grade_count

    from enrolled_years

    left join calls
        on
            enrolled_years.student_id = calls.student_id
            and enrolled_years.school_year = calls.school_year

    left join results
        on
            enrolled_years.student_id = results.student_id
            and enrolled_years.school_year = results.school_year

)

select * from joined
