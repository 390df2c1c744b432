{#- Whether a period of int_enrolment_periods holds a day: its first and its last day count. -#}
{%- macro is_enrolled_on(period, day) -%}
(
    {{ period }}.enrolled_from <= {{ day }}
    and ({{ period }}.enrolled_until is null or {{ day }} <= {{ period }}.enrolled_until)
)
{%- endmacro -%}
