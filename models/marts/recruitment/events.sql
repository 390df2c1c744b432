with

events as (

    select * from {{ ref('stg_erp__events') }}

),

results as (

    select * from {{ ref('int_event_results') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

)

select
    events.event_id,
    events.event_name,
    events.event_type,
    events.campus_id,
    campuses.campus_name,
    events.city,
    events.region,
    events.held_on,
    results.school_year,
    results.contacts

from events

left join campuses on events.campus_id = campuses.campus_id

left join results on events.event_id = results.event_id
