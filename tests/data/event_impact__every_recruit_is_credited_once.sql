/*
What it checks: each event of the ERP is in the mart once, and the students that it is credited with
are those whose last event, or first event, it is in `students`.
When it matters: a student credited to two events, or to none, makes conversion rates wrong that
look right.
How to resolve: compare the event's students in `students` with its rows of
int_contact_student_matches. A student with two last touches points to the numbering there, an
event without a row to a join of models/intermediate/int_event_results.sql.
*/
with

events as (

    select * from {{ ref('stg_erp__events') }}

),

credited as (

    select
        last_event_id as event_id,
        count(*) as students

    from {{ ref('students') }}

    where recruited_at_event

    group by last_event_id

),

first_met as (

    select
        first_event_id as event_id,
        count(*) as students

    from {{ ref('students') }}

    where recruited_at_event

    group by first_event_id

)

select
    coalesce(events.event_id, event_impact.event_id) as event_id,
    event_impact.recruited_last_touch,
    credited.students as credited_students

from events

full outer join {{ ref('event_impact') }} as event_impact
    on events.event_id = event_impact.event_id

left join credited on events.event_id = credited.event_id

left join first_met on events.event_id = first_met.event_id

where
    events.event_id is null
    or event_impact.event_id is null
    or event_impact.recruited_last_touch <> coalesce(credited.students, 0)
    or event_impact.recruited_first_touch <> coalesce(first_met.students, 0)
    or event_impact.contacts > event_impact.contact_rows
