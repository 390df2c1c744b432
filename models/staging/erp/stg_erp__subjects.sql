with

source as (

    select * from {{ source('erp', 'subjects') }}

),

renamed as (

    select

        -- ids
        id as subject_id,

        -- facts
        name as subject_name,
        level

    from source

)

select * from renamed
