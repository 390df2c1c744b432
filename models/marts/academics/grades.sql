{{ config(materialized='school_years', partition_by=['school_year']) }}

with

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

)

-- Without the ERP's own number: grades of one exam are numbered in the order of student ids.
select
    student_keys.student_key,
    grades.subject_id,
    subjects.subject_name,
    subjects.level,
    grades.graded_on,
    row_number() over (
        partition by grades.student_id, grades.subject_id, grades.graded_on order by grades.grade
    ) as grade_number,
    {{ school_year('grades.graded_on') }} as school_year,
    grades.grade

from grades

left join student_keys on grades.student_id = student_keys.student_id

left join subjects on grades.subject_id = subjects.subject_id

order by school_year, student_keys.student_key
