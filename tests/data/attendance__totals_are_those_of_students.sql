/*
What it checks: the facts on attendance and grades hold as many rows as the students count.
When it matters: an analyst who counts facts and one who sums students must say the same.
How to resolve: look for the join that loses or doubles rows in models/marts/academics.
*/
with

facts as (

    select
        (select count(*) from {{ ref('attendance') }}) as lessons_called,
        (select count_if(is_attended) from {{ ref('attendance') }}) as lessons_attended,
        (select count(*) from {{ ref('grades') }}) as grade_count

),

totals as (

    select
        coalesce(sum(lessons_called), 0) as lessons_called,
        coalesce(sum(lessons_attended), 0) as lessons_attended,
        coalesce(sum(grade_count), 0) as grade_count

    from {{ ref('students') }}

)

select
    facts.lessons_called,
    totals.lessons_called as lessons_called_of_students,
    facts.lessons_attended,
    totals.lessons_attended as lessons_attended_of_students,
    facts.grade_count,
    totals.grade_count as grade_count_of_students

from facts

cross join totals

where
    facts.lessons_called != totals.lessons_called
    or facts.lessons_attended != totals.lessons_attended
    or facts.grade_count != totals.grade_count
