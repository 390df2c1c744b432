{#- A part of a whole, 0 to 1; NULL when the whole is 0 or unknown. -#}
{%- macro share(part, whole) -%}
cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro -%}
