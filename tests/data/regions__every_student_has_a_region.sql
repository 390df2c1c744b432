/*
What it checks: in each school year the regions together have the students, the events and the
addresses of contacts of the ERP, each once (an address once per event).
When it matters: a region that is missing, or a join that doubles one, makes regions look strong or
weak that are not.
How to resolve: compare the year with int_student_school_years, stg_erp__events and
stg_erp__audiences region by region. Too few: look for the region in the step region_names of
models/marts/campuses/regions.sql; too many: for a step that has a region and year twice.
*/
with

counted as (

    select
        school_year,
        sum(students) as students,
        sum(events) as events,
        sum(contacts) as contacts

    from {{ ref('regions') }}

    group by school_year

),

students as (

    select
        school_year,
        count(*) as students

    from {{ ref('int_student_school_years') }}

    group by school_year

),

events as (

    select
        school_years.school_year,
        count(distinct events.event_id) as events,
        count(distinct contacts.event_id, {{ normalised_email('contacts.email') }}) as contacts

    from {{ ref('int_school_years') }} as school_years

    inner join {{ ref('stg_erp__events') }} as events
        on events.held_on between school_years.first_day and school_years.last_observed_day

    left join {{ ref('stg_erp__audiences') }} as contacts on events.event_id = contacts.event_id

    group by school_years.school_year

)

select
    counted.school_year,
    counted.students,
    students.students as students_of_the_erp,
    counted.events,
    events.events as events_of_the_erp,
    counted.contacts,
    events.contacts as contacts_of_the_erp

from counted

full outer join students on counted.school_year = students.school_year

left join events on counted.school_year = events.school_year

where
    counted.school_year is null
    or counted.students <> coalesce(students.students, 0)
    or counted.events <> coalesce(events.events, 0)
    or counted.contacts <> coalesce(events.contacts, 0)
