{#-
    Time to an event that has not come yet for everyone: E. L. Kaplan and P. Meier, J. Am. Stat. Assoc.
    53 (1958), 457. Window functions over one row per group and day, with the events of that day and
    the people at risk on it; `over` is the window up to that day.
-#}
{%- macro kaplan_meier(events, at_risk, over) -%}
case
    -- The logarithm of 0 does not exist, and nobody is left after such a day.
    when {{ events }} = {{ at_risk }} then 0.0d
    -- Rounded, because a sum of logarithms may miss exactly 1/2 by a bit, and the median with it.
    else
        round(
            exp(
                sum(
                    case when {{ events }} < {{ at_risk }} then log1p(-{{ events }} / {{ at_risk }}) end
                ) over ({{ over }})
            ),
            12
        )
end
{%- endmacro -%}


{#- The sum in the variance of the Kaplan–Meier curve (M. Greenwood, 1926); the last term may not exist. -#}
{%- macro greenwood(events, at_risk, over) -%}
sum({{ events }} / nullif(cast({{ at_risk }} as double) * ({{ at_risk }} - {{ events }}), 0)) over ({{ over }})
{%- endmacro -%}


{#- First day after which half or fewer are left; NULL when not reached. -#}
{%- macro median_survival(survival, day) -%}
min(case when {{ survival }} <= 0.5 then {{ day }} end)
{%- endmacro -%}


{#-
    Share still without the event after `days`, over the rows of a group's curve. NULL when nobody was
    followed that long and not everyone has had it.
-#}
{%- macro survival_after(survival, day, days) -%}
case
    when max({{ day }}) >= {{ days }} or min({{ survival }}) = 0
        then coalesce(min(case when {{ day }} <= {{ days }} then {{ survival }} end), 1.0d)
end
{%- endmacro -%}


{#-
    A bound of the 95 % interval of the share that has had the event (`side` -1 or 1), on the log-log
    scale: J. D. Kalbfleisch and R. L. Prentice (1980), 1.4. NULL when the share is 0 or 1.
-#}
{%- macro event_share_bound(survival, greenwood, side) -%}
case
    when {{ survival }} > 0 and {{ survival }} < 1 then
        1 - power(
            {{ survival }},
            exp({{ side }} * {{ campuslake.normal_quantile() }} * sqrt({{ greenwood }}) / -ln({{ survival }}))
        )
end
{%- endmacro -%}
