with

source as (

    select * from {{ source('erp', 'attendances') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as attendance_id,
        cast(lesson_id as bigint) as lesson_id,
        cast(student_id as int) as student_id,

        -- facts
        status as attendance_status

    from source

)

select * from renamed
