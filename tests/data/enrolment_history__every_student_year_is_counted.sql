/*
What it checks: the students of each campus and school year, over its promotions, are those
enrolled in it.
When it matters: forecasts are made of these counts; one promotion dropped is a trend that is none.
How to resolve: compare with int_student_school_years, campus by campus.
*/
with

enrolled as (

    select
        campus_id,
        school_year,
        count(*) as students

    from {{ ref('int_student_school_years') }}

    group by campus_id, school_year

),

in_the_mart as (

    select
        campus_id,
        school_year,
        sum(students) as students

    from {{ ref('enrolment_history') }}

    group by campus_id, school_year

)

select
    coalesce(enrolled.campus_id, in_the_mart.campus_id) as campus_id,
    coalesce(enrolled.school_year, in_the_mart.school_year) as school_year,
    enrolled.students as students_enrolled,
    in_the_mart.students

from enrolled

full outer join in_the_mart
    on
        enrolled.campus_id = in_the_mart.campus_id
        and enrolled.school_year = in_the_mart.school_year

where not coalesce(enrolled.students = in_the_mart.students, false)
