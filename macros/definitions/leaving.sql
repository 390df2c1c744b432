{#- Whether a day is one of the last `days` up to and with `last_day`. -#}
{%- macro is_in_last_days(day, last_day, days) -%}
{{ day }} > date_sub({{ last_day }}, {{ days }}) and {{ day }} <= {{ last_day }}
{%- endmacro -%}


{#- Days enrolled, the first and the last included. -#}
{%- macro tenure_days(join_date, left_date) -%}
datediff({{ left_date }}, {{ join_date }}) + 1
{%- endmacro -%}


{#- The reason of a dropout as one of those known; never free text, which may tell who it is. -#}
{%- macro dropout_reason(leave_reason) -%}
case
    when {{ campuslake.normalised_reason(leave_reason) }} is null then 'not_recorded'
    when {{ campuslake.normalised_reason(leave_reason) }} in ('{{ var("dropout_reasons") | join("', '") }}')
        then {{ campuslake.normalised_reason(leave_reason) }}
    else 'other'
end
{%- endmacro -%}


{#- Whether a course begun on a day is over by a school year, for who did not repeat. Never NULL. -#}
{%- macro is_course_over(promotion, join_date, school_year) -%}
coalesce(
    {{ campuslake.school_year(join_date) }} + case {{ promotion }}
        {%- for name, years in var("course_years").items() %}
        when '{{ name }}' then {{ years }}
        {%- endfor %}
    end <= {{ school_year }},
    false
)
{%- endmacro -%}


{#- Whether the mean of a subject's grades is below the line. -#}
{%- macro is_failed(average_grade) -%}
{{ average_grade }} < {{ var("pass_grade") }}
{%- endmacro -%}


{#- Whether a contract belongs to the studies and ran on a day between joining and leaving. -#}
{%- macro is_contract_of_stay(contract, join_date, left_date) -%}
(
    {{ campuslake.is_study_contract(contract ~ '.contract_type') }}
    and {{ contract }}.start_date <= {{ left_date }}
    and ({{ contract }}.end_date is null or {{ contract }}.end_date >= {{ join_date }})
)
{%- endmacro -%}


{#- The band of an early attendance rate; 'unknown' over too few lessons to tell. -#}
{%- macro attendance_band(attendance_rate, lessons_called) -%}
{%- set edges = var("attendance_band_edges") -%}
case
    when coalesce({{ lessons_called }}, 0) < {{ var("early_lessons") }} then 'unknown'
    {%- for edge in edges %}
    when {{ attendance_rate }} <= {{ edge }}
        then '{{ "up to" if loop.first else "over %d to" | format((edges[loop.index0 - 1] * 100) | round | int) }} {{ (edge * 100) | round | int }} %'
    {%- endfor %}
    else 'over {{ (edges[-1] * 100) | round | int }} %'
end
{%- endmacro -%}


{#- The band of an early average grade; 'unknown' over too few grades to tell. -#}
{%- macro grade_band(average_grade, grade_count) -%}
{%- set edges = [var("pass_grade")] + var("grade_band_edges") -%}
case
    when coalesce({{ grade_count }}, 0) < {{ var("early_grades") }} then 'unknown'
    {%- for edge in edges %}
    when {{ average_grade }} < {{ edge }}
        then '{{ "below" if loop.first else "%d to below" | format(edges[loop.index0 - 1]) }} {{ edge }}'
    {%- endfor %}
    else '{{ edges[-1] }} and above'
end
{%- endmacro -%}
