with

event_results as (

    select * from {{ ref('int_event_results') }}

)

select
    event_id,
    event_name,
    event_type,
    campus_id,
    region,
    held_on,
    school_year,
    is_season_over,
    contact_rows,
    contacts,
    {{ is_small_group('contacts') }} as is_small_group,
    {{ unless_small('contacts_converted', 'contacts') }} as contacts_converted,
    {{ unless_small('recruited_first_touch', 'contacts') }} as recruited_first_touch,
    {{ unless_small('recruited_last_touch', 'contacts') }} as recruited_last_touch,
    {{ unless_small(share('contacts_converted', 'contacts'), 'contacts') }} as conversion_rate,
    {{ unless_small(share_bound('contacts_converted', 'contacts', -1), 'contacts') }}
        as conversion_rate_lower,
    {{ unless_small(share_bound('contacts_converted', 'contacts', 1), 'contacts') }}
        as conversion_rate_upper,
    -- The recruited, not the contacts, are the people it is the median of.
    {{ unless_small('median_days_to_joining', 'least(contacts, recruited_last_touch)') }}
        as median_days_to_joining

from event_results
