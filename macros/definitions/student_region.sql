{#- The student's own region, else that of the campus. -#}
{%- macro student_region(home_region, campus_region) -%}
coalesce({{ home_region }}, {{ campus_region }})
{%- endmacro -%}


{#- Which of the two it is: home or campus. -#}
{%- macro student_region_source(home_region) -%}
case when {{ home_region }} is not null then 'home' else 'campus' end
{%- endmacro -%}
