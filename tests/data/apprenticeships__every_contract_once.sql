/*
What it checks: the mart has as many contracts of each company, type and first day as the ERP.
When it matters: a contract of a student without a key, or twice the same, changes every count of
contracts.
How to resolve: look the company and the day up in stg_erp__apprenticeships, and for the join of
models/marts/employment/apprenticeships.sql that drops or doubles the row.
*/
with

given as (

    select
        company_id,
        contract_type,
        start_date,
        count(*) as contracts

    from {{ ref('stg_erp__apprenticeships') }}

    group by company_id, contract_type, start_date

),

published as (

    select
        company_id,
        contract_type,
        start_date,
        count(*) as contracts

    from {{ ref('apprenticeships') }}

    group by company_id, contract_type, start_date

)

select
    coalesce(given.company_id, published.company_id) as company_id,
    coalesce(given.start_date, published.start_date) as start_date,
    given.contracts as contracts_in_the_erp,
    published.contracts as contracts_in_the_mart

from given

full outer join published
    on
        given.company_id = published.company_id
        and given.contract_type = published.contract_type
        and given.start_date = published.start_date

where coalesce(given.contracts, 0) <> coalesce(published.contracts, 0)
