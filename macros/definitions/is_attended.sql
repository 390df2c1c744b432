{#- Whether the status of a roll call means that the student was there. -#}
{%- macro is_attended(status) -%}
{{ status }} in ('{{ var("attended_statuses") | join("', '") }}')
{%- endmacro -%}
