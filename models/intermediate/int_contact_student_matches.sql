{#- A table: matched once per build, read by every mart on recruitment and by its own tests. -#}
{{ config(materialized='table') }}

with

contacts as (

    select
        contact_id,
        event_id,
        {{ normalised_email('email') }} as contact_email,
        collected_at,
        {{ local_day('collected_at') }} as collected_on

    from {{ ref('stg_erp__audiences') }}

),

students as (

    select
        student_id,
        {{ normalised_email('personal_email') }} as student_email,
        join_date

    from {{ ref('stg_erp__students') }}

),

-- An address that several students share tells of none of them.
students_by_email as (

    select
        student_email,
        min(student_id) as student_id,
        min(join_date) as join_date

    from students

    group by student_email

    having count(*) = 1

),

recruiting_contacts as (

    select
        contacts.contact_id,
        students_by_email.student_id,
        contacts.event_id,
        contacts.collected_at,
        contacts.collected_on,
        students_by_email.join_date

    from contacts

    inner join students_by_email
        on
            contacts.contact_email = students_by_email.student_email
            and {{ is_recruiting_contact('contacts.collected_on', 'students_by_email.join_date') }}

),

touches as (

    select
        contact_id,
        student_id,
        event_id,
        collected_on,
        datediff(join_date, collected_on) as days_before_joining,
        row_number() over (
            partition by student_id order by collected_at, contact_id
        ) = 1 as is_first_touch,
        row_number() over (
            partition by student_id order by collected_at desc, contact_id desc
        ) = 1 as is_last_touch

    from recruiting_contacts

)

select * from touches
