with

enrolment_counts as (

    select * from {{ ref('int_enrolment_counts') }}

)

select
    campus_id,
    school_year,
    promotion,
    students,
    {{ is_small_group('students') }} as is_small_group,
    {{ unless_small('intake', 'students') }} as intake,
    {{ unless_small('leavers', 'students') }} as leavers,
    {{ unless_small('students_on_count_day', 'students') }} as students_on_count_day,
    is_counted_year,
    is_complete_year

from enrolment_counts
