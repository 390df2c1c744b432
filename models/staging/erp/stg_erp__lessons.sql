with

source as (

    select * from {{ source('erp', 'lessons') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as lesson_id,
        subject_id,
        cast(campus_id as int) as campus_id,
        cast(professor_id as int) as professor_id,

        -- dates
        cast(starts_at as timestamp) as starts_at,
        cast(ends_at as timestamp) as ends_at

    from source

)

select * from renamed
