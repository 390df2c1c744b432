/*
What it checks: the roster holds every roll call of enrolled students once, whoever was expected.
When it matters: a call that is lost or doubled changes the attendance rate.
How to resolve: look at the full outer join in models/intermediate/int_attendance_roster.sql.
*/
with

totals as (

    select
        (select count(*) from {{ ref('int_roll_calls') }}) as calls,
        (select count_if(is_called) from {{ ref('int_attendance_roster') }}) as calls_of_roster

)

select
    calls,
    calls_of_roster

from totals

where calls != calls_of_roster
