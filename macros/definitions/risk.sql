{#- The cut-off dates of a school year, as an array of dates. -#}
{%- macro risk_cutoffs(school_year) -%}
array(
    {%- for cutoff in var("risk_cutoffs") %}
    {%- set month, day = cutoff.split("-") %}
    make_date(
        {{ school_year }}{{ " + 1" if month | int < var("school_year_first_month") }},
        {{ month | int }},
        {{ day | int }}
    ){{ "," if not loop.last }}
    {%- endfor %}
)
{%- endmacro -%}


{#-
    Whether somebody enrolled at a cut-off date dropped out soon after it; NULL until the time in which it
    could have happened has passed for all, or those who did would be known before those who did not.
-#}
{%- macro drops_out_soon(cutoff_date, left_date, status, observed_until) -%}
{%- set last_day = "date_add(" ~ cutoff_date ~ ", " ~ var("risk_horizon_days") ~ ")" -%}
case
    when {{ last_day }} <= {{ observed_until }}
        then coalesce({{ status }} = 'dropped_out' and {{ left_date }} <= {{ last_day }}, false)
end
{%- endmacro -%}
