{#-
    Rank by average grade among the rows with the same `group`, 1 being the best; NULL without enough
    grades or without a group. Rounded, so that equal means over different numbers of grades tie.
-#}
{%- macro grade_rank(group) -%}
case
    when grade_count >= {{ var("min_grades") }} and {{ group }} is not null
        then rank() over (
            partition by {{ group }}, grade_count >= {{ var("min_grades") }}
            order by round(average_grade, 9) desc
        )
end
{%- endmacro -%}
