/*
What it checks: in each scope the groups have all graduates together, and no fewer were hired
within a year than within half of one.
When it matters: a graduate who falls out of a group takes the years he or she waited along, and
the school looks quicker than it is.
How to resolve: compare the groups with graduate_hiring, campus by campus and year by year; see
the observations step of models/marts/employment/time_to_hire.sql.
*/
with

graduates as (

    select count(*) as graduates from {{ ref('graduate_hiring') }}

),

expected_scopes as (

    select
        explode(
            array('campus', 'campus_all_years', 'school', 'school_all_years')
        ) as scope  -- noqa: RF04

),

scopes as (

    select
        scope,
        sum(graduates) as graduates,
        count_if(hired_share_12_months < hired_share_6_months) as falling_shares

    from {{ ref('time_to_hire') }}

    group by scope

)

select
    expected_scopes.scope,
    scopes.graduates,
    graduates.graduates as all_graduates,
    scopes.falling_shares

from expected_scopes

cross join graduates

left join scopes on expected_scopes.scope = scopes.scope

where coalesce(scopes.graduates, 0) <> graduates.graduates or scopes.falling_shares > 0
