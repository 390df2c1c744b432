/*
What it checks: the intakes of all school years together are the students, and enrolment_history has
the same intake wherever none of its groups is small.
When it matters: a student who is in two intakes, or in none, bends every trend of recruitment.
How to resolve: look for students whose school years do not begin with the one they joined in, in
int_student_school_years.
*/
with

intakes as (

    select sum(intake) as intake from {{ ref('intake_by_touch') }}

),

students as (

    select count(*) as students

    from {{ ref('students') }} as students

    cross join {{ ref('int_observed_until') }} as observed

    where students.join_date <= observed.observed_until

)

select
    intakes.intake,
    students.students

from intakes

cross join students

where coalesce(intakes.intake, 0) <> students.students

union all

select
    max(intake_by_touch.intake) as intake,
    sum(enrolment_history.intake) as students

from {{ ref('enrolment_history') }} as enrolment_history

inner join {{ ref('intake_by_touch') }} as intake_by_touch
    on enrolment_history.school_year = intake_by_touch.school_year

group by enrolment_history.school_year

having
    not max(enrolment_history.is_small_group)
    and sum(enrolment_history.intake) <> max(intake_by_touch.intake)
