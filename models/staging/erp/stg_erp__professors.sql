with

source as (

    select * from {{ source('erp', 'professors') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as professor_id,
        cast(campus_id as int) as campus_id,

        -- identity
        first_name,
        last_name,
        email,

        -- dates
        cast(hired_on as date) as hired_on

    from source

)

select * from renamed
