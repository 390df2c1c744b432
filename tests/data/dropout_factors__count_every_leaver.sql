/*
What it checks: the bands of each factor hold everybody who has left, and their dropouts are those
of `dropouts`; only where a small group hides its own may some be missing.
When it matters: a band without its people compares risks of different populations.
How to resolve: a factor whose bands lack people has a value that is NULL: give it a band in the
factors step of models/marts/academics/dropout_factors.sql.
*/
with

by_factor as (

    select
        factor,
        sum(people) as people,
        sum(dropouts) as dropouts,
        bool_or(is_small_group) as has_small_group

    from {{ ref('dropout_factors') }}

    group by factor

),

leavers as (

    select count(*) as people

    from {{ ref('students') }}

    where status <> 'enrolled'

),

dropouts as (

    select count(*) as dropouts from {{ ref('dropouts') }}

)

select
    by_factor.factor,
    by_factor.people,
    leavers.people as people_expected,
    by_factor.dropouts,
    dropouts.dropouts as dropouts_expected

from by_factor

cross join leavers

cross join dropouts

where
    by_factor.people <> leavers.people
    or coalesce(by_factor.dropouts, 0) > dropouts.dropouts
    or (not by_factor.has_small_group and by_factor.dropouts <> dropouts.dropouts)
