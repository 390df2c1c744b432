with

source as (

    select * from {{ source('erp', 'students') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as student_id,
        cast(campus_id as int) as campus_id,

        -- identity
        first_name,
        last_name,
        email,
        personal_email,
        gender,
        cast(date_of_birth as date) as date_of_birth,

        -- facts
        promotion,
        home_region,
        origin_institution,
        leave_reason,
        next_school,

        -- dates
        cast(join_date as date) as join_date,
        cast(left_date as date) as left_date

    from source

)

select * from renamed
