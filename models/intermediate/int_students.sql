with

students as (

    select * from {{ ref('stg_erp__students') }}

),

snapshot_day as (

    select * from {{ ref('int_snapshot_day') }}

),

with_status as (

    select
        students.*,
        {{
            student_status(
                'students.join_date',
                'students.left_date',
                'students.leave_reason',
                'snapshot_day.snapshot_day'
            )
        }} as status

    from students

    cross join snapshot_day

),

-- A leaving that is planned has no day, reason or next school yet.
known as (

    select
        student_id,
        campus_id,
        first_name,
        last_name,
        email,
        personal_email,
        gender,
        date_of_birth,
        promotion,
        home_region,
        origin_institution,
        case when status in ('graduated', 'dropped_out') then leave_reason end as leave_reason,
        case when status in ('graduated', 'dropped_out') then next_school end as next_school,
        join_date,
        case when status in ('graduated', 'dropped_out') then left_date end as left_date,
        status

    from with_status

)

select * from known
