{#-
    Mean of grades out of 100, inside an aggregation. Spark's avg() of decimal(5, 2) rounds to six
    places; the sum is exact, so that one division is as near as a double can be.
-#}
{%- macro average_grade(grade) -%}
cast(sum({{ grade }}) as double) / nullif(count({{ grade }}), 0)
{%- endmacro -%}
