with

students as (

    select * from {{ ref('int_students') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

results as (

    select * from {{ ref('students') }}

),

with_results as (

    select
        students.student_id,
        students.campus_id,
        students.first_name,
        students.last_name,
        students.email,
        students.personal_email,
        students.gender,
        students.date_of_birth,
        students.promotion,
        students.home_region,
        students.origin_institution,
        students.leave_reason,
        students.next_school,
        students.join_date,
        students.left_date,
        students.status,
        results.average_grade,
        results.grade_count

    from students

    left join student_keys on students.student_id = student_keys.student_id

    left join results on student_keys.student_key = results.student_key

)

select * from with_results
