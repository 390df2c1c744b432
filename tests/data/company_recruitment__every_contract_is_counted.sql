/*
What it checks: all contracts of the ERP are counted, once over the years and once for all years,
and where the types are told they add up to the contracts.
When it matters: a contract of an unknown company or of a new type would vanish without a word.
How to resolve: compare contracts by company and year with stg_erp__apprenticeships. A new
contract type needs a column in models/marts/employment/company_recruitment.sql, and its place in
the vars of dbt_project.yml.
*/
with

given as (

    select count(*) as contracts from {{ ref('stg_erp__apprenticeships') }}

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
    counted.scope,
    counted.contracts,
    given.contracts as contracts_in_the_erp,
    counted.contracts_of_no_type

from counted

cross join given

where counted.contracts <> given.contracts or counted.contracts_of_no_type <> 0
