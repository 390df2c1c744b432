/*
What it checks: the mart holds exactly the graduates among the students, each once, and each is
either hired with a day and a type, or not hired and without.
When it matters: one who is left out because no contract was found makes the time to hire look
shorter than it is.
How to resolve: look the student_key up in students. If the graduate is not in the mart, look for
the join of models/marts/employment/graduate_hiring.sql that drops the row.
*/
with

expected as (

    select student_key

    from {{ ref('students') }}

    where status = 'graduated'

),

in_the_mart as (

    select
        student_key,
        count(*) as mart_rows,
        bool_and(
            is_hired = (hired_on is not null)
            and is_hired = (days_to_hire is not null)
            and is_hired = (hire_contract_type is not null)
            and is_hired = (hired_by_own_company is not null)
        ) as is_whole

    from {{ ref('graduate_hiring') }}

    group by student_key

)

select
    coalesce(expected.student_key, in_the_mart.student_key) as student_key,
    in_the_mart.mart_rows,
    in_the_mart.is_whole

from expected

full outer join in_the_mart on expected.student_key = in_the_mart.student_key

where
    expected.student_key is null
    or in_the_mart.mart_rows is null
    or in_the_mart.mart_rows > 1
    or not in_the_mart.is_whole
