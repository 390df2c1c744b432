{{ config(materialized='school_years', partition_by=['school_year']) }}

with

roster as (

    select * from {{ ref('int_attendance_roster') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

)

-- Without the ERP's own number: a roll is called in the order of student ids.
select
    student_keys.student_key,
    roster.lesson_id,
    roster.subject_id,
    roster.campus_id,
    roster.lesson_day,
    roster.attendance_status,
    roster.is_attended,
    roster.school_year

from roster

left join student_keys on roster.student_id = student_keys.student_id

where roster.is_called

order by roster.school_year, student_keys.student_key
