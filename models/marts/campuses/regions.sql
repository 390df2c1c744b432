with

school_years as (

    select * from {{ ref('int_school_years') }}

),

student_years as (

    select * from {{ ref('int_student_school_years') }}

),

contracts as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

events as (

    select * from {{ ref('int_event_results') }}

),

companies as (

    select * from {{ ref('stg_erp__companies') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

-- Each region once: a union of sets.
region_names as (

    select region from student_years
    union distinct
    select region from events
    union distinct
    select region from companies
    union distinct
    select region from campuses

),

students_by_region as (

    select
        region,
        school_year,
        count(*) as students,
        count_if(is_intake) as intake

    from student_years

    group by region, school_year

),

-- A contract counts once, in the first year of its student that it overlaps: many are signed, and
-- start, shortly before the studies do.
contract_years as (

    select
        contracts.apprenticeship_id,
        student_years.region,
        min(student_years.school_year) as school_year

    from contracts

    inner join student_years
        on
            contracts.student_id = student_years.student_id
            and contracts.start_date <= student_years.enrolled_until
            and student_years.enrolled_from <= coalesce(contracts.end_date, date '9999-12-31')

    inner join school_years
        on
            student_years.school_year = school_years.school_year
            and contracts.start_date <= school_years.last_observed_day

    where {{ is_work_study_contract('contracts.contract_type') }}

    group by contracts.apprenticeship_id, student_years.region

),

contracts_by_region as (

    select
        region,
        school_year,
        count(*) as contracts

    from contract_years

    group by region, school_year

),

-- Events that are planned have not been held.
events_by_region as (

    select
        events.region,
        school_years.school_year,
        count(*) as events,
        sum(events.contacts) as contacts,
        -- The last event that a student met is given the credit, so that nobody counts twice.
        sum(events.recruited_last_touch) as conversions

    from events

    inner join school_years
        on events.held_on between school_years.first_day and school_years.last_observed_day

    group by events.region, school_years.school_year

),

companies_by_region as (

    select
        region,
        count(*) as companies

    from companies

    group by region

),

campuses_by_region as (

    select
        campuses.region,
        school_years.school_year,
        count(*) as campuses,
        sum(campuses.capacity) as capacity

    from campuses

    inner join school_years on campuses.opened_on <= school_years.last_observed_day

    group by campuses.region, school_years.school_year

),

-- Every region in every year, whatever it has none of.
joined as (

    select
        region_names.region,
        school_years.school_year,
        school_years.is_complete_year,
        coalesce(students_by_region.students, 0) as students,
        coalesce(students_by_region.intake, 0) as intake,
        coalesce(events_by_region.events, 0) as events,
        coalesce(events_by_region.contacts, 0) as contacts,
        coalesce(events_by_region.conversions, 0) as conversions,
        coalesce(companies_by_region.companies, 0) as companies,
        coalesce(contracts_by_region.contracts, 0) as contracts,
        coalesce(campuses_by_region.campuses, 0) as campuses,
        coalesce(campuses_by_region.capacity, 0) as capacity

    from region_names

    cross join school_years

    left join students_by_region
        on
            region_names.region = students_by_region.region
            and school_years.school_year = students_by_region.school_year

    left join contracts_by_region
        on
            region_names.region = contracts_by_region.region
            and school_years.school_year = contracts_by_region.school_year

    left join events_by_region
        on
            region_names.region = events_by_region.region
            and school_years.school_year = events_by_region.school_year

    left join companies_by_region on region_names.region = companies_by_region.region

    left join campuses_by_region
        on
            region_names.region = campuses_by_region.region
            and school_years.school_year = campuses_by_region.school_year

)

select
    region,
    school_year,
    is_complete_year,
    students,
    {{ is_small_group('students') }} as is_small_group,
    {{ unless_small('intake', 'students') }} as intake,
    events,
    contacts,
    {{ unless_small('conversions', 'contacts') }} as conversions,
    companies,
    {{ unless_small('contracts', 'students') }} as contracts,
    {{ unless_small('100 * ' ~ share('contracts', 'students'), 'students') }}
        as contracts_per_100_students,
    campuses,
    capacity

from joined
