with

students as (

    select * from {{ ref('int_students') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

contracts as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

graduates as (

    select
        student_id,
        campus_id,
        promotion,
        left_date

    from students

    where status = 'graduated'

),

hires as (

    select
        graduates.student_id,
        min(contracts.start_date) as hired_on,
        min_by(
            struct(contracts.contract_type, contracts.company_id),
            struct(contracts.start_date, contracts.apprenticeship_id)
        ) as contract

    from graduates

    inner join contracts
        on
            graduates.student_id = contracts.student_id
            and {{ is_hire_contract('contracts.contract_type') }}
            and graduates.left_date <= contracts.start_date

    cross join observed_until

    where contracts.start_date <= observed_until.observed_until

    group by graduates.student_id

),

contracts_before as (

    select
        graduates.student_id,
        bool_or(
            {{ is_work_study_contract('contracts.contract_type') }}
            and contracts.start_date <= graduates.left_date
        ) as had_contract_before,
        bool_or(
            contracts.company_id = hires.contract.company_id
            and contracts.start_date < hires.hired_on
        ) as hired_by_own_company

    from graduates

    inner join contracts on graduates.student_id = contracts.student_id

    left join hires on graduates.student_id = hires.student_id

    group by graduates.student_id

),

-- Every graduate once, hired or not.
joined as (

    select
        student_keys.student_key,
        graduates.campus_id,
        campuses.campus_name,
        graduates.promotion,
        graduates.left_date as graduated_on,
        year(graduates.left_date) as graduation_year,
        hires.hired_on,
        datediff(hires.hired_on, graduates.left_date) as days_to_hire,
        hires.hired_on is not null as is_hired,
        datediff(
            coalesce(hires.hired_on, observed_until.observed_until), graduates.left_date
        ) as days_observed,
        hires.contract.contract_type as hire_contract_type,
        coalesce(contracts_before.had_contract_before, false) as had_contract_before,
        contracts_before.hired_by_own_company

    from graduates

    cross join observed_until

    left join campuses on graduates.campus_id = campuses.campus_id

    left join student_keys on graduates.student_id = student_keys.student_id

    left join hires on graduates.student_id = hires.student_id

    left join contracts_before on graduates.student_id = contracts_before.student_id

)

select
    student_key,
    campus_id,
    campus_name,
    promotion,
    graduated_on,
    graduation_year,
    hired_on,
    days_to_hire,
    is_hired,
    days_observed,
    hire_contract_type,
    had_contract_before,
    hired_by_own_company

from joined

-- The order of the ERP's student ids would tell which key is whose.
order by student_key
