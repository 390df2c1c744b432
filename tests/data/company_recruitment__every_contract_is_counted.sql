/*
What it checks: all contracts of the ERP that have started are counted, once over the years and once
for all years, and where the types are told they add up to the contracts.
When it matters: a contract of an unknown company or of a new type would vanish without a word.
How to resolve: compare contracts by company and year with stg_erp__apprenticeships. A new
contract type needs a column in models/marts/employment/company_recruitment.sql, and its place in
the vars of dbt_project.yml.
*/
with

given as (

    select count(*) as contracts

    from {{ ref('stg_erp__apprenticeships') }} as contracts

    inner join {{ ref('int_observed_until') }} as observed
        on contracts.start_date <= observed.observed_until

),

expected_scopes as (

    select explode(array('year', 'all_years')) as scope  -- noqa: RF04

),

counted as (

    select
        scope,
        sum(contracts) as contracts,
        sum(
            case
                when not is_small_group
                    then
                        contracts
                        - apprenticeships
                        - professionalisations
                        - internships
                        - permanent
                        - fixed_term
            end
        ) as contracts_of_no_type

    from {{ ref('company_recruitment') }}

    group by scope

)

select
    expected_scopes.scope,
    counted.contracts,
    given.contracts as contracts_in_the_erp,
    counted.contracts_of_no_type

from expected_scopes

cross join given

left join counted on expected_scopes.scope = counted.scope

where
    coalesce(counted.contracts, 0) <> given.contracts
    or counted.contracts_of_no_type <> 0
