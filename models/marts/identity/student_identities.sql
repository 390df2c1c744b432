with

students as (

    select * from {{ ref('stg_erp__students') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

)

select
    student_keys.student_key,
    students.student_id,
    students.first_name,
    students.last_name,
    students.email,
    students.personal_email,
    students.date_of_birth

from students

left join student_keys on students.student_id = student_keys.student_id
