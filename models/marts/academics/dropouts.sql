with

leavers as (

    select * from {{ ref('int_leavers') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

)

select
    student_keys.student_key,
    leavers.left_date,
    {{ school_year('leavers.left_date') }} as school_year,
    {{ dropout_reason('leavers.leave_reason') }} as leave_reason,
    leavers.tenure_days,
    leavers.campus_id,
    leavers.promotion,
    leavers.region,
    leavers.region_source,
    leavers.origin_institution,
    leavers.attendance_rate_30d,
    leavers.attendance_rate_90d,
    leavers.attendance_rate_30d - leavers.attendance_rate_before_30d as attendance_trend,
    leavers.average_grade,
    leavers.failed_subjects,
    leavers.had_contract,
    leavers.recruited_at_event

from leavers

left join student_keys on leavers.student_id = student_keys.student_id

where leavers.status = 'dropped_out'

-- The order of the ERP's student ids would tell which key is whose.
order by student_keys.student_key
