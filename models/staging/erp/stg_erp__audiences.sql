with

source as (

    select * from {{ source('erp', 'audiences') }}

),

snapshot_day as (

    select * from {{ ref('int_snapshot_day') }}

),

students as (

    -- Several students may share one.
    select distinct {{ normalised_email('personal_email') }} as student_email

    from {{ ref('stg_erp__students') }}

),

renamed as (

    select

        -- ids
        cast(id as bigint) as contact_id,
        cast(event_id as int) as event_id,

        -- identity
        first_name,
        last_name,
        email,
        phone,

        -- dates
        cast(collected_at as timestamp) as collected_at

    from source

),

-- Who left an address again is kept as long as for the last time, and stays one.
addressed as (

    select
        renamed.*,
        {{ normalised_email('renamed.email') }} as address,
        {{ local_day('max(renamed.collected_at) over same_address') }} as last_collected_on,
        min(renamed.contact_id) over same_address as first_contact_id

    from renamed

    window same_address as (
        partition by
            coalesce({{ normalised_email('renamed.email') }}, cast(renamed.contact_id as string))
    )

),

-- A contact who became a student is known as long as the student is.
judged as (

    select
        addressed.*,
        case when students.student_email is null then expired_students.student_email end
            as expired_student_email,
        students.student_email is null
        and {{ is_contact_expired('addressed.last_collected_on', 'snapshot_day.snapshot_day') }}
            as is_expired

    from addressed

    cross join snapshot_day

    left join students on addressed.address = students.student_email

    left join students as expired_students
        on {{ expired_email('addressed.address') }} = expired_students.student_email

),

without_identity as (

    select
        judged.*,
        judged.is_expired or judged.expired_student_email is not null as is_forgotten,
        case
            when judged.expired_student_email is not null then judged.expired_student_email
            when judged.address is not null then concat('contact-', judged.first_contact_id)
        end as expired_email

    from judged

)

select

    -- ids
    contact_id,
    event_id,

    -- identity
    case when is_forgotten then '' else first_name end as first_name,
    case when is_forgotten then '' else last_name end as last_name,
    case when is_forgotten then expired_email else email end as email,
    case when is_forgotten then null else phone end as phone,

    -- dates
    collected_at

from without_identity
