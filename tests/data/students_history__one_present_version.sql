/*
What it checks: every student of the ERP, and nobody else, has exactly one version in the history
that has not ended.
When it matters: two open versions double the student in every question about the past; none loses
him or her. Two builds at the same time, or one that died in the merge, can leave either.
How to resolve: look the student_id up in students_history. End the older of two open versions by
the dbt_valid_from of the newer; for a student without one, run `dbt snapshot` again.
*/
with

students as (

    select * from {{ ref('stg_erp__students') }}

),

present_versions as (

    select *

    from {{ ref('students_history') }}

    where dbt_valid_to is null

)

select coalesce(students.student_id, present_versions.student_id) as student_id

from students

full outer join present_versions on students.student_id = present_versions.student_id

group by coalesce(students.student_id, present_versions.student_id)

having
    count(*) > 1
    or count(students.student_id) = 0
    or count(present_versions.student_id) = 0
