with

source as (

    select * from {{ source('erp', 'grades') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as grade_id,
        cast(student_id as int) as student_id,
        subject as subject_id,

        -- facts
        cast(grade as decimal(5, 2)) as grade,

        -- dates
        cast(date as date) as graded_on

    from source

)

select * from renamed
