{#- Whether a contact met the school before, or on the day of, joining. -#}
{%- macro is_recruiting_contact(collected_on, join_date) -%}
{{ collected_on }} <= {{ join_date }}
{%- endmacro -%}
