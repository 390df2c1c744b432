{#-
    Takes the identities that are no longer kept out of the history: what is loaded has lost them already
    (stg_erp__students), the versions before have not. Somebody whom the ERP deleted left on that day, unless
    it is known when.

        dbt run-operation forget_identities
-#}
{%- macro forget_identities() -%}

  {%- set history = ref('students_history') -%}
  {%- call statement(auto_begin=False) -%}
    update {{ history }} set
        first_name = '',
        last_name = '',
        email = '',
        personal_email = {{ campuslake.expired_email('personal_email') }},
        date_of_birth = {{ campuslake.expired_birth('date_of_birth') }}
    where concat(first_name, last_name, email) <> ''
    and student_id in ({{ campuslake.expired_students(history) }})
  {%- endcall -%}

{%- endmacro -%}


{#- The students of a history whose identity is no longer kept. -#}
{%- macro expired_students(history) -%}
select student_id from (
    select
        student_id,
        coalesce(
            max_by(left_date, dbt_valid_from),
            case when count_if(dbt_valid_to is null) = 0 then to_date(max(dbt_valid_to)) end
        ) as left_on
    from {{ history }}
    group by student_id
) as stays
where {{ campuslake.is_identity_expired('left_on', '(select snapshot_day from ' ~ ref('int_snapshot_day') ~ ')') }}
{%- endmacro -%}
