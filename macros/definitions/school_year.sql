{#- The school year of a day, named by the calendar year in which it starts. -#}
{%- macro school_year(day) -%}
year(add_months({{ day }}, {{ 1 - var("school_year_first_month") }}))
{%- endmacro -%}


{#- The first day of a school year. -#}
{%- macro school_year_start(school_year) -%}
make_date({{ school_year }}, {{ var("school_year_first_month") }}, 1)
{%- endmacro -%}


{#- The last day of a school year. -#}
{%- macro school_year_end(school_year) -%}
date_sub(make_date({{ school_year }} + 1, {{ var("school_year_first_month") }}, 1), 1)
{%- endmacro -%}
