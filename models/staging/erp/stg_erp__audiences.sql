with

source as (

    select * from {{ source('erp', 'audiences') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as contact_id,
        cast(event_id as int) as event_id,

        -- identity
        first_name,
        last_name,
        email,
        phone,

        -- dates
        cast(collected_at as timestamp) as collected_at

    from source

)

select * from renamed
