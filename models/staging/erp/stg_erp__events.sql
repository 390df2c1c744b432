with

source as (

    select * from {{ source('erp', 'events') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as event_id,
        cast(campus_id as int) as campus_id,

        -- facts
        name as event_name,
        type as event_type,
        city,
        trim(region) as region,

        -- dates
        cast(date as date) as held_on

    from source

)

select * from renamed
