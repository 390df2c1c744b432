{#- Whether attendance is at or below the line, over enough lessons to tell. Never NULL. -#}
{%- macro is_chronic_absentee(attendance_rate, lessons_called) -%}
coalesce(
    {{ attendance_rate }} <= {{ var("chronic_absence_rate") }}
    and {{ lessons_called }} >= {{ var("chronic_absence_min_lessons") }},
    false
)
{%- endmacro -%}
