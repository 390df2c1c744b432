with

contracts as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

companies as (

    select * from {{ ref('stg_erp__companies') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

-- Who has contracts in two years is one student of all years: each period is counted by itself.
scopes as (

    select explode(array('year', 'all_years')) as scope  -- noqa: RF04

),

recruited as (

    select
        scopes.scope,
        contracts.company_id,
        case when scopes.scope = 'year' then year(contracts.start_date) else 0 end as contract_year,
        count(*) as contracts,
        count(distinct contracts.student_id) as students,
        count_if(contracts.contract_type = 'apprenticeship') as apprenticeships,
        count_if(contracts.contract_type = 'professionalisation') as professionalisations,
        count_if(contracts.contract_type = 'internship') as internships,
        count_if(contracts.contract_type = 'permanent') as permanent,
        count_if(contracts.contract_type = 'fixed_term') as fixed_term

    from contracts

    cross join scopes

    -- One that is signed for later has not started.
    inner join observed_until on contracts.start_date <= observed_until.observed_until

    group by
        scopes.scope,
        contracts.company_id,
        case when scopes.scope = 'year' then year(contracts.start_date) else 0 end

),

study_ends as (

    select
        student_id,
        company_id,
        max(end_date) as study_ended_on

    from contracts

    where {{ is_study_contract('contract_type') }}

    group by student_id, company_id

    -- One without an end date goes on.
    having count(*) = count(end_date)

),

outcomes as (

    select
        study_ends.student_id,
        study_ends.company_id,
        study_ends.study_ended_on,
        coalesce(
            bool_or(
                {{ is_conversion(
                    'contracts.contract_type', 'contracts.start_date', 'study_ends.study_ended_on'
                ) }}
            ),
            false
        ) as is_converted

    from study_ends

    cross join observed_until

    left join contracts
        on
            study_ends.student_id = contracts.student_id
            and study_ends.company_id = contracts.company_id

    where {{ is_followed_up('study_ends.study_ended_on', 'observed_until.observed_until') }}

    group by study_ends.student_id, study_ends.company_id, study_ends.study_ended_on

),

conversions as (

    select
        scopes.scope,
        outcomes.company_id,
        case
            when scopes.scope = 'year' then year(outcomes.study_ended_on) else 0
        end as contract_year,
        count(*) as study_students_followed,
        count_if(outcomes.is_converted) as study_students_converted

    from outcomes

    cross join scopes

    group by
        scopes.scope,
        outcomes.company_id,
        case when scopes.scope = 'year' then year(outcomes.study_ended_on) else 0 end

),

-- In a year in which a company signed nothing, study contracts with it may still have ended.
joined as (

    select
        coalesce(recruited.scope, conversions.scope) as scope,  -- noqa: RF04
        coalesce(recruited.company_id, conversions.company_id) as company_id,
        coalesce(recruited.contract_year, conversions.contract_year) as contract_year,
        coalesce(recruited.contracts, 0) as contracts,
        coalesce(recruited.students, 0) as students,
        recruited.apprenticeships,
        recruited.professionalisations,
        recruited.internships,
        recruited.permanent,
        recruited.fixed_term,
        coalesce(conversions.study_students_followed, 0) as study_students_followed,
        conversions.study_students_converted

    from recruited

    full outer join conversions
        on
            recruited.scope = conversions.scope
            and recruited.company_id = conversions.company_id
            and recruited.contract_year = conversions.contract_year

),

with_companies as (

    select
        joined.*,
        companies.company_name,
        companies.sector,
        companies.region,
        rank() over (
            partition by joined.scope, joined.contract_year order by joined.students desc
        ) as place,
        rank() over (
            partition by joined.scope, joined.contract_year, companies.region
            order by joined.students desc
        ) as place_in_region

    from joined

    left join companies on joined.company_id = companies.company_id

)

select
    scope,
    company_id,
    contract_year,
    company_name,
    sector,
    region,
    students,
    contracts,
    {{ unless_small('apprenticeships', 'students') }} as apprenticeships,
    {{ unless_small('professionalisations', 'students') }} as professionalisations,
    {{ unless_small('internships', 'students') }} as internships,
    {{ unless_small('permanent', 'students') }} as permanent,
    {{ unless_small('fixed_term', 'students') }} as fixed_term,
    case when students > 0 then place end as rank_overall,
    case when students > 0 then place_in_region end as rank_in_region,
    study_students_followed,
    {{ unless_small('study_students_converted', 'study_students_followed') }}
        as study_students_converted,
    {{ unless_small(
        share('study_students_converted', 'study_students_followed'), 'study_students_followed'
    ) }} as conversion_rate,
    {{ is_small_group('students') }} as is_small_group

from with_companies
