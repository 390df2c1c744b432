/*
What it checks: the dropouts are exactly the students whose status is dropped_out, with their
leaving dates.
When it matters: a dropout rate and its causes would be of different people.
How to resolve: both have the status of int_students: see the leavers step of
models/intermediate/int_leavers.sql, and the joins after it, for who is lost or comes twice.
*/
with

expected as (

    select
        student_key,
        left_date

    from {{ ref('students') }}

    where status = 'dropped_out'

)

select
    coalesce(expected.student_key, dropouts.student_key) as student_key,
    expected.left_date,
    dropouts.left_date as left_date_in_the_mart

from expected

full outer join {{ ref('dropouts') }} as dropouts on expected.student_key = dropouts.student_key

where
    expected.student_key is null
    or dropouts.student_key is null
    or expected.left_date <> dropouts.left_date
