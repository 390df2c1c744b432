with

source as (

    select * from {{ source('erp', 'students') }}

),

snapshot_day as (

    select * from {{ ref('int_snapshot_day') }}

),

renamed as (

    select

        -- ids
        cast(id as int) as student_id,
        cast(campus_id as int) as campus_id,

        -- identity
        first_name,
        last_name,
        email,
        personal_email,
        gender,
        cast(date_of_birth as date) as date_of_birth,

        -- facts
        promotion,
        {{ tidied('home_region') }} as home_region,
        {{ tidied('origin_institution') }} as origin_institution,
        {{ tidied('leave_reason') }} as leave_reason,
        {{ tidied('next_school') }} as next_school,

        -- dates
        cast(join_date as date) as join_date,
        cast(left_date as date) as left_date

    from source

),

judged as (

    select
        renamed.*,
        {{ is_identity_expired('renamed.left_date', 'snapshot_day.snapshot_day') }} as is_expired

    from renamed

    cross join snapshot_day

)

select

    -- ids
    student_id,
    campus_id,

    -- identity
    case when is_expired then '' else first_name end as first_name,
    case when is_expired then '' else last_name end as last_name,
    case when is_expired then '' else email end as email,
    case when is_expired then {{ expired_email('personal_email') }} else personal_email end
        as personal_email,
    gender,
    case when is_expired then {{ expired_birth('date_of_birth') }} else date_of_birth end
        as date_of_birth,

    -- facts
    promotion,
    home_region,
    origin_institution,
    leave_reason,
    next_school,

    -- dates
    join_date,
    left_date

from judged
