{#- enrolled, graduated or dropped_out. Whoever left without the reason 'graduated' dropped out. -#}
{%- macro student_status(left_date, leave_reason) -%}
case
    when {{ left_date }} is null then 'enrolled'
    when {{ leave_reason }} = '{{ var("graduation_reason") }}' then 'graduated'
    else 'dropped_out'
end
{%- endmacro -%}
