{#- The day of a school year on which its students are counted. -#}
{%- macro enrolment_count_day(school_year) -%}
date_add({{ campuslake.school_year_start(school_year) }}, {{ var("enrolment_count_day") - 1 }})
{%- endmacro -%}


{#-
    A bound of a forecast's interval, normal on the scale of the model, never below 0: `deviation` is
    of numbers of students, or of their logarithm for the model `growth`. `percent` is 80 or 95; `side`
    is -1 for the lower bound and 1 for the upper.
-#}
{%- macro forecast_bound(model, centre, deviation, percent, side) -%}
{%- set quantile = campuslake.normal_quantile(percent) -%}
greatest(
    case
        when {{ model }} = 'growth'
            then {{ centre }} * exp({{ side }} * {{ quantile }} * {{ deviation }})
        else {{ centre }} + {{ side }} * {{ quantile }} * {{ deviation }}
    end,
    0
)
{%- endmacro -%}
