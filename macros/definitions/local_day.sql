{#- The day at the school of an instant kept in UTC. -#}
{%- macro local_day(instant) -%}
to_date(from_utc_timestamp({{ instant }}, '{{ var("school_timezone") }}'))
{%- endmacro -%}
