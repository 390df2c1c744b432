{#- Fails for each value below `lowest` or above `highest`; either may be left out. NULL passes. -#}
{%- test in_range(model, column_name, lowest=none, highest=none) -%}
select {{ column_name }}
from {{ model }}
where
    {{ column_name }} < {{ lowest if lowest is not none else column_name }}
    or {{ column_name }} > {{ highest if highest is not none else column_name }}
{%- endtest -%}
