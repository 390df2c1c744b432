{#- A text that the ERP may leave out, without the blanks around it; NULL when nothing is left. -#}
{%- macro tidied(text) -%}
nullif(trim({{ text }}), '')
{%- endmacro -%}
