{#- Attended lessons out of those called, 0 to 1; NULL when no lesson was called. -#}
{%- macro attendance_rate(lessons_attended, lessons_called) -%}
{{ campuslake.share(lessons_attended, lessons_called) }}
{%- endmacro -%}
