with

source as (

    select * from {{ source('erp', 'apprenticeships') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as apprenticeship_id,
        cast(student_id as int) as student_id,
        cast(company_id as int) as company_id,

        -- facts
        contract_type,

        -- dates
        cast(start_date as date) as start_date,
        cast(end_date as date) as end_date

    from source

)

select * from renamed
