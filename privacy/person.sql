-- Everyone whom the lake knows by one of the ids, addresses or last names: `kind` says whose number `id` is.
with everyone as (
    select 'student' as kind, student_id as id, email, personal_email, null as phone, first_name, last_name
    from {staging}.stg_erp__students
    union all
    select 'student', student_id, email, personal_email, null, first_name, last_name
    from {history}.students_history
    union all
    select 'contact', contact_id, email, null, phone, first_name, last_name
    from {staging}.stg_erp__audiences
    union all
    select 'professor', professor_id, email, null, null, first_name, last_name
    from {staging}.stg_erp__professors
)
select distinct *
from everyone
where
    kind = 'student' and id in %(student_ids)s
    or lower(trim(email)) in %(emails)s
    or lower(trim(personal_email)) in %(emails)s
    or lower(trim(last_name)) in %(last_names)s
    or phone in %(phones)s
