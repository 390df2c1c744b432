{#-
    95 % intervals. Each macro takes the names of columns and returns one bound, `side` being -1 for
    the lower and 1 for the upper. NULL where the interval does not exist.
-#}
{#- How many standard deviations hold `percent` of a normal distribution: 80 or 95. -#}
{%- macro normal_quantile(percent=95) -%}
{{ {80: "1.2815515655446004d", 95: "1.959963984540054d"}[percent] }}
{%- endmacro -%}


{#-
    Of a share: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209. Kept within 0 and 1, where rounding would
    leave them; NULL when the whole is 0.
-#}
{%- macro share_bound(part, whole, side) -%}
{%- set z = campuslake.normal_quantile() -%}
case
    when {{ whole }} > 0 then
        least(
            greatest(
                (
                    {{ part }} + {{ z }} * {{ z }} / 2
                    + {{ side }} * {{ z }} * sqrt(
                        cast({{ part }} as double) * ({{ whole }} - {{ part }}) / {{ whole }}
                        + {{ z }} * {{ z }} / 4
                    )
                ) / ({{ whole }} + {{ z }} * {{ z }}),
                0
            ),
            1
        )
end
{%- endmacro -%}


{#- The risk in one group over that in another; NULL when the other has no case or no people. -#}
{%- macro relative_risk(cases, people, other_cases, other_people) -%}
({{ campuslake.share(cases, people) }})
/ nullif({{ campuslake.share(other_cases, other_people) }}, 0)
{%- endmacro -%}


{#- Of a relative risk: D. Katz et al., Biometrics 34 (1978), 469. NULL without a case on either side. -#}
{%- macro relative_risk_bound(cases, people, other_cases, other_people, side) -%}
case
    when {{ cases }} > 0 and {{ other_cases }} > 0 then
        exp(
            ln({{ campuslake.relative_risk(cases, people, other_cases, other_people) }})
            + {{ side }} * {{ campuslake.normal_quantile() }} * sqrt(
                1.0d / {{ cases }} - 1.0d / {{ people }}
                + 1.0d / {{ other_cases }} - 1.0d / {{ other_people }}
            )
        )
end
{%- endmacro -%}


{#- Of a correlation over `observations` pairs: R. A. Fisher, Metron 1 (1921), 3. NULL below four. -#}
{%- macro correlation_bound(correlation, observations, side) -%}
case
    when {{ observations }} > 3 and abs({{ correlation }}) < 1 then
        tanh(
            atanh({{ correlation }})
            + {{ side }} * {{ campuslake.normal_quantile() }} / sqrt({{ observations }} - 3)
        )
end
{%- endmacro -%}


{#- Of a difference of two means, from their means, variances (n - 1) and numbers: normal, unpooled. -#}
{%- macro mean_difference_bound(mean, variance, people, other_mean, other_variance, other_people, side) -%}
({{ mean }} - {{ other_mean }})
+ {{ side }} * {{ campuslake.normal_quantile() }}
* sqrt({{ variance }} / nullif({{ people }}, 0) + {{ other_variance }} / nullif({{ other_people }}, 0))
{%- endmacro -%}
