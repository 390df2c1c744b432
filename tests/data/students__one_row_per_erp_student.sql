/*
What it checks: the mart holds exactly the students of the ERP, each once, under the key that is
theirs.
When it matters: a join that loses students without grades, lessons or contacts, or that doubles
those with several, makes every count and every mean of the school wrong.
How to resolve: look the student_id up in stg_erp__students. If the student is not in the mart,
look for the join of models/marts/academics/students.sql that drops the row; if the mart has rows
that no student explains, for one that is not unique on its key.
*/
with

expected as (

    select
        students.student_id,
        student_keys.student_key

    from {{ ref('stg_erp__students') }} as students

    left join {{ ref('student_keys') }} as student_keys
        on students.student_id = student_keys.student_id

),

in_the_mart as (

    select
        student_key,
        count(*) as mart_rows

    from {{ ref('students') }}

    group by student_key

)

select
    expected.student_id,
    in_the_mart.student_key,
    in_the_mart.mart_rows

from expected

full outer join in_the_mart on expected.student_key = in_the_mart.student_key

where expected.student_id is null or in_the_mart.mart_rows is null or in_the_mart.mart_rows > 1
