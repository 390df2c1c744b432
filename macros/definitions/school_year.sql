{#- The school year of a day, named by the calendar year in which it starts. -#}
{%- macro school_year(day) -%}
year(add_months({{ day }}, {{ 1 - var("school_year_first_month") }}))
{%- endmacro -%}
