/*
What it checks: events and contacts of each type, region and school year are the sums of
event_impact.
When it matters: two marts that disagree on the same contacts cannot both be quoted.
How to resolve: look for a join of models/marts/recruitment/event_impact_by_type.sql that doubles
the group, or for an event whose type or region is missing.
*/
with

summed as (

    select
        event_type,
        region,
        school_year,
        count(*) as events,
        sum(contacts) as contacts

    from {{ ref('event_impact') }}

    group by event_type, region, school_year

)

select
    coalesce(summed.event_type, by_type.event_type) as event_type,
    coalesce(summed.region, by_type.region) as region,
    coalesce(summed.school_year, by_type.school_year) as school_year,
    summed.contacts as contacts_of_events,
    by_type.contacts

from summed

full outer join {{ ref('event_impact_by_type') }} as by_type
    on
        summed.event_type = by_type.event_type
        and summed.region = by_type.region
        and summed.school_year = by_type.school_year

where
    not coalesce(
        summed.events = by_type.events
        and summed.contacts = by_type.contacts
        and by_type.people <= by_type.contacts,
        false
    )
