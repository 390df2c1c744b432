with

students as (

    select * from {{ ref('int_students') }}

),

enrolment_periods as (

    select
        student_id,
        campus_id,
        promotion,
        join_date as enrolled_from,
        left_date as enrolled_until

    from students

)

select * from enrolment_periods
