{#- A table: the scorecard reads it more than once. -#}
{{ config(materialized='table') }}

with

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

school_years as (

    select * from {{ ref('int_school_years') }}

),

student_years as (

    select * from {{ ref('int_student_school_years') }}

),

contracts as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

events as (

    select * from {{ ref('int_event_results') }}

),

-- Once per student and year, however many contracts follow each other.
contracted as (

    select distinct
        student_years.student_id,
        student_years.school_year

    from student_years

    inner join school_years on student_years.school_year = school_years.school_year

    inner join contracts
        on
            student_years.student_id = contracts.student_id
            and least(student_years.enrolled_until, school_years.last_observed_day)
            >= contracts.start_date
            and student_years.enrolled_from <= coalesce(contracts.end_date, date '9999-12-31')

    where {{ is_work_study_contract('contracts.contract_type') }}

),

students_by_campus as (

    select
        student_years.campus_id,
        student_years.school_year,
        count(*) as students,
        count_if(student_years.is_intake) as intake,
        count_if(student_years.status_at_end = 'dropped_out') as dropouts,
        count(contracted.student_id) as contracted_students,
        count_if(student_years.lessons_called > 0) as called_students,
        sum(student_years.lessons_called) as lessons_called,
        sum(student_years.lessons_attended) as lessons_attended,
        count_if(student_years.grade_count > 0) as graded_students,
        sum(student_years.grade_sum) as grade_sum,
        sum(student_years.grade_count) as grade_count

    from student_years

    left join contracted
        on
            student_years.student_id = contracted.student_id
            and student_years.school_year = contracted.school_year

    group by student_years.campus_id, student_years.school_year

),

-- Events that are planned have not been held.
contacts_by_campus as (

    select
        events.campus_id,
        school_years.school_year,
        sum(events.contacts) as contacts,
        sum(events.contacts_converted) as contacts_converted

    from events

    inner join school_years
        on events.held_on between school_years.first_day and school_years.last_observed_day

    group by events.campus_id, school_years.school_year

),

-- A campus is there from the year in which it opened, or had its first student if that is earlier.
joined as (

    select
        campuses.campus_id,
        school_years.school_year,
        school_years.is_complete_year,
        campuses.campus_name,
        campuses.capacity,
        coalesce(students_by_campus.students, 0) as students,
        coalesce(students_by_campus.intake, 0) as intake,
        coalesce(students_by_campus.dropouts, 0) as dropouts,
        coalesce(students_by_campus.contracted_students, 0) as contracted_students,
        coalesce(students_by_campus.called_students, 0) as called_students,
        coalesce(students_by_campus.lessons_called, 0) as lessons_called,
        coalesce(students_by_campus.lessons_attended, 0) as lessons_attended,
        coalesce(students_by_campus.graded_students, 0) as graded_students,
        coalesce(students_by_campus.grade_sum, 0) as grade_sum,
        coalesce(students_by_campus.grade_count, 0) as grade_count,
        coalesce(contacts_by_campus.contacts, 0) as contacts,
        coalesce(contacts_by_campus.contacts_converted, 0) as contacts_converted

    from campuses

    cross join school_years

    left join students_by_campus
        on
            campuses.campus_id = students_by_campus.campus_id
            and school_years.school_year = students_by_campus.school_year

    left join contacts_by_campus
        on
            campuses.campus_id = contacts_by_campus.campus_id
            and school_years.school_year = contacts_by_campus.school_year

    where
        campuses.opened_on <= school_years.last_observed_day
        or students_by_campus.students > 0
        or contacts_by_campus.contacts > 0

)

select * from joined
