{#- A table: what both marts on events sum up, before small groups lose their measures. -#}
{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('stg_erp__events') }}

),

contacts as (

    select
        contact_id,
        event_id,
        {{ normalised_email('email') }} as contact_email

    from {{ ref('stg_erp__audiences') }}

),

matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

credited_contacts as (

    select contact_id

    from matches

    where is_last_touch

),

contacts_of_event as (

    select
        contacts.event_id,
        count(*) as contact_rows,
        count(distinct contacts.contact_email) as contacts,
        count(
            distinct
            case when credited_contacts.contact_id is not null then contacts.contact_email end
        ) as contacts_converted

    from contacts

    left join credited_contacts on contacts.contact_id = credited_contacts.contact_id

    group by contacts.event_id

),

recruited_of_event as (

    select
        event_id,
        count_if(is_first_touch) as recruited_first_touch,
        count_if(is_last_touch) as recruited_last_touch,
        percentile(case when is_last_touch then days_before_joining end, 0.5)
            as median_days_to_joining

    from matches

    group by event_id

),

-- Every event once, also those to which nobody came and those still to come.
joined as (

    select
        events.event_id,
        events.event_name,
        events.event_type,
        events.campus_id,
        events.region,
        events.held_on,
        {{ school_year('events.held_on') }} as school_year,
        {{ enrolment_count_day(school_year('events.held_on') ~ ' + 1') }}
        <= observed_until.observed_until as is_season_over,
        coalesce(contacts_of_event.contact_rows, 0) as contact_rows,
        coalesce(contacts_of_event.contacts, 0) as contacts,
        coalesce(contacts_of_event.contacts_converted, 0) as contacts_converted,
        coalesce(recruited_of_event.recruited_first_touch, 0) as recruited_first_touch,
        coalesce(recruited_of_event.recruited_last_touch, 0) as recruited_last_touch,
        recruited_of_event.median_days_to_joining

    from events

    left join contacts_of_event on events.event_id = contacts_of_event.event_id

    left join recruited_of_event on events.event_id = recruited_of_event.event_id

    cross join observed_until

)

select * from joined
