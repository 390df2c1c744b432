{#-
    Fails for each row in which one of `columns` is below `lowest` or above `highest`; either may be left
    out. NULL passes. What `in_range` says of one column, in one statement for several.
-#}
{%- test all_in_range(model, columns, lowest=none, highest=none) -%}
select {{ columns | join(', ') }}
from {{ model }}
where
    {%- for column in columns %}
    {{ 'or ' if not loop.first }}not coalesce(
        {{ column }} >= {{ lowest if lowest is not none else column }}
        and {{ column }} <= {{ highest if highest is not none else column }},
        true
    )
    {%- endfor %}
{%- endtest -%}
