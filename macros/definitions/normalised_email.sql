{#- An e-mail as it is compared: without blanks around it, in lower case; NULL when nothing is left. -#}
{%- macro normalised_email(email) -%}
lower({{ campuslake.tidied(email) }})
{%- endmacro -%}
