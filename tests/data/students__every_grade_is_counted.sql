/*
What it checks: the grades counted in the mart are all grades of the ERP, each once.
When it matters: averages are still plausible when a join drops or doubles grades; the number of
grades is not.
How to resolve: compare grade_count with stg_erp__grades student by student. Too few: grades of
students whom the ERP does not have, which the relationships test names. Too many: a join in
models/marts/academics/students.sql that is not unique on its key.
*/
with

counted as (

    select sum(grade_count) as grade_count from {{ ref('students') }}

),

given as (

    select count(*) as grade_count from {{ ref('stg_erp__grades') }}

)

select
    given.grade_count as grades_in_the_erp,
    counted.grade_count as grades_in_the_mart

from given

cross join counted

where given.grade_count <> coalesce(counted.grade_count, 0)
