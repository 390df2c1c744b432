with

contracts as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

companies as (

    select * from {{ ref('stg_erp__companies') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

-- The ERP's own numbers follow the order in which students were entered, and stay inside.
numbered as (

    select
        *,
        row_number() over (
            partition by student_id order by start_date, apprenticeship_id
        ) as contract_number

    from contracts

),

joined as (

    select
        student_keys.student_key,
        numbered.contract_number,
        numbered.company_id,
        companies.company_name,
        numbered.contract_type,
        numbered.start_date,
        numbered.end_date,
        {{ school_year('numbered.start_date') }} as school_year,
        datediff(numbered.end_date, numbered.start_date) + 1 as duration_days

    from numbered

    left join companies on numbered.company_id = companies.company_id

    left join student_keys on numbered.student_id = student_keys.student_id

)

select
    student_key,
    contract_number,
    company_id,
    company_name,
    contract_type,
    start_date,
    end_date,
    school_year,
    duration_days

from joined

-- The order of the ERP's student ids would tell which key is whose.
order by student_key, contract_number
