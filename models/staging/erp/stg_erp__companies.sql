with

source as (

    select * from {{ source('erp', 'companies') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as company_id,

        -- facts
        name as company_name,
        sector,
        city,
        trim(region) as region

    from source

)

select * from renamed
