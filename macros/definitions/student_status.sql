{#-
    registered, enrolled, graduated or dropped_out on a day. Whoever left without the reason 'graduated'
    dropped out.
-#}
{%- macro student_status(join_date, left_date, leave_reason, day) -%}
case
    when {{ join_date }} > {{ day }} then 'registered'
    when {{ left_date }} is null or {{ left_date }} > {{ day }} then 'enrolled'
    when {{ campuslake.normalised_reason(leave_reason) }} = '{{ var("graduation_reason") }}' then 'graduated'
    else 'dropped_out'
end
{%- endmacro -%}


{#- A reason of leaving as it is compared: without blanks around it, in lower case; NULL when nothing is left. -#}
{%- macro normalised_reason(leave_reason) -%}
nullif(lower(trim({{ leave_reason }})), '')
{%- endmacro -%}
