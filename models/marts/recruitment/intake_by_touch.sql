with

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

-- Once per student: only one of the matches is the last.
last_touches as (

    select student_id

    from matches

    where is_last_touch

),

intakes as (

    select
        student_school_years.school_year,
        count(*) as intake,
        count(last_touches.student_id) as intake_met_event

    from student_school_years

    left join last_touches on student_school_years.student_id = last_touches.student_id

    where student_school_years.is_intake

    group by student_school_years.school_year

)

select
    school_year,
    intake,
    {{ is_small_group('intake') }} as is_small_group,
    {{ unless_small('intake_met_event', 'intake') }} as intake_met_event,
    {{ unless_small(share('intake_met_event', 'intake'), 'intake') }} as met_event_share,
    {{ unless_small(share_bound('intake_met_event', 'intake', -1), 'intake') }}
        as met_event_share_lower,
    {{ unless_small(share_bound('intake_met_event', 'intake', 1), 'intake') }}
        as met_event_share_upper

from intakes
