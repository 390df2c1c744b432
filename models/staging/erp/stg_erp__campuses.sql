with

source as (

    select * from {{ source('erp', 'campuses') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as campus_id,

        -- facts
        name as campus_name,
        city,
        trim(region) as region,
        postal_code,
        cast(capacity as int) as capacity,

        -- dates
        cast(opened_on as date) as opened_on

    from source

)

select * from renamed
