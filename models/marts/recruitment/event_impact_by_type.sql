with

event_results as (

    select * from {{ ref('int_event_results') }}

),

contacts as (

    select
        event_id,
        {{ normalised_email('email') }} as contact_email

    from {{ ref('stg_erp__audiences') }}

),

matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

summed as (

    select
        event_type,
        region,
        school_year,
        min(is_season_over) as is_season_over,
        count(*) as events,
        sum(contacts) as contacts,
        sum(contacts_converted) as contacts_converted,
        sum(recruited_first_touch) as recruited_first_touch,
        sum(recruited_last_touch) as recruited_last_touch

    from event_results

    group by event_type, region, school_year

),

-- Whoever came to two of the events is two contacts and one person.
people_met as (

    select
        event_results.event_type,
        event_results.region,
        event_results.school_year,
        count(distinct contacts.contact_email) as people

    from event_results

    inner join contacts on event_results.event_id = contacts.event_id

    group by event_results.event_type, event_results.region, event_results.school_year

),

days_to_joining as (

    select
        event_results.event_type,
        event_results.region,
        event_results.school_year,
        percentile(matches.days_before_joining, 0.5) as median_days_to_joining

    from event_results

    inner join matches on event_results.event_id = matches.event_id

    where matches.is_last_touch

    group by event_results.event_type, event_results.region, event_results.school_year

),

joined as (

    select
        summed.*,
        coalesce(people_met.people, 0) as people,
        days_to_joining.median_days_to_joining

    from summed

    left join people_met
        on
            summed.event_type = people_met.event_type
            and summed.region = people_met.region
            and summed.school_year = people_met.school_year

    left join days_to_joining
        on
            summed.event_type = days_to_joining.event_type
            and summed.region = days_to_joining.region
            and summed.school_year = days_to_joining.school_year

)

select
    event_type,
    region,
    school_year,
    is_season_over,
    events,
    contacts,
    people,
    {{ is_small_group('people') }} as is_small_group,
    {{ unless_small('contacts_converted', 'people') }} as contacts_converted,
    {{ unless_small('recruited_first_touch', 'people') }} as recruited_first_touch,
    {{ unless_small('recruited_last_touch', 'people') }} as recruited_last_touch,
    {{ unless_small(share('contacts_converted', 'contacts'), 'people') }} as conversion_rate,
    {{ unless_small(share_bound('contacts_converted', 'contacts', -1), 'people') }}
        as conversion_rate_lower,
    {{ unless_small(share_bound('contacts_converted', 'contacts', 1), 'people') }}
        as conversion_rate_upper,
    -- The recruited, not the contacts, are the people it is the median of.
    {{ unless_small('median_days_to_joining', 'least(people, recruited_last_touch)') }}
        as median_days_to_joining

from joined
