/*
What it checks: nobody left before joining.
When it matters: such a student is enrolled on no day, so that every lesson is left out of the
attendance rate, without a word.
How to resolve: correct join_date or left_date in the ERP, and run again. Its own check forbids the
pair, so ask as well how the row came in.
*/
select
    student_key,
    join_date,
    left_date

from {{ ref('students') }}

where left_date < join_date
