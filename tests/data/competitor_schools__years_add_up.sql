/*
What it checks: the students lost to a school, and those who came from it, are as many over the
school years as in the row for all years, and nobody is lost who did not drop out.
When it matters: a student counted in two years, or in none, makes a competitor look stronger or
weaker.
How to resolve: the rows for all years take each student's last school year in
int_student_school_years, the others the year of leaving or joining: one of them is missing
there, or not the last.
*/
with

dropouts as (

    select count(*) as dropouts

    from {{ ref('students') }}

    where status = 'dropped_out'

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
    schools.competing_school,
    schools.lost_by_year,
    schools.lost,
    schools.gained_by_year,
    schools.gained

from schools

cross join dropouts

where
    schools.lost_by_year <> schools.lost
    or schools.gained_by_year <> schools.gained
    or schools.lost > dropouts.dropouts
