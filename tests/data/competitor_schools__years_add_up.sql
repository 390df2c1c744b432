/*
What it checks: the students lost to a school, and those who came from it, are as many over the
school years as in the row for all years, and the lost are all who dropped out to that school.
When it matters: a student counted in two years, or in none, makes a competitor look stronger or
weaker; one who is not there at all hides it.
How to resolve: the rows for all years take each student's last school year in
int_student_school_years, the others the year of leaving or joining: one of them is missing
there, or not the last.
*/
with

dropouts as (

    select
        next_school as competing_school,
        count(*) as students

    from {{ ref('int_students') }}

    where status = 'dropped_out' and next_school is not null

    group by next_school

),

schools as (

    select
        competing_school,
        sum(case when scope = 'year' then students_lost else 0 end) as lost_by_year,
        sum(case when scope = 'all_years' then students_lost else 0 end) as lost,
        sum(case when scope = 'year' then students_gained else 0 end) as gained_by_year,
        sum(case when scope = 'all_years' then students_gained else 0 end) as gained

    from {{ ref('competitor_schools') }}

    group by competing_school

)

select
    coalesce(dropouts.competing_school, schools.competing_school) as competing_school,
    dropouts.students as dropouts,
    schools.lost_by_year,
    schools.lost,
    schools.gained_by_year,
    schools.gained

from dropouts

full outer join schools on dropouts.competing_school = schools.competing_school

where
    coalesce(schools.lost, 0) <> coalesce(dropouts.students, 0)
    or schools.lost_by_year <> schools.lost
    or schools.gained_by_year <> schools.gained
