/*
What it checks: in each school year the campuses together have the students of the ERP, each once,
and the regions as many.
When it matters: a campus that is missing, or counts students twice, is compared wrongly with all
the others.
How to resolve: compare the year with int_student_school_years campus by campus. Too few: look for
the campus in the step joined of models/intermediate/int_campus_school_years.sql; too many: for a
step that has a campus and year twice. When only the regions differ, see
regions__every_student_has_a_region.
*/
with

students as (

    select
        school_year,
        count(*) as students

    from {{ ref('int_student_school_years') }}

    group by school_year

),

on_campuses as (

    select
        school_year,
        sum(students) as students

    from {{ ref('campus_scorecard') }}

    group by school_year

),

in_regions as (

    select
        school_year,
        sum(students) as students

    from {{ ref('regions') }}

    group by school_year

)

select
    students.school_year,
    students.students as students_of_the_erp,
    on_campuses.students as students_on_campuses,
    in_regions.students as students_in_regions

from students

left join on_campuses on students.school_year = on_campuses.school_year

left join in_regions on students.school_year = in_regions.school_year

where
    students.students <> coalesce(on_campuses.students, 0)
    or students.students <> coalesce(in_regions.students, 0)
