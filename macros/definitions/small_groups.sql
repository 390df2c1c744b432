{#- Whether a group has so few people that its measures would mislead, and tell who is in it. -#}
{%- macro is_small_group(people) -%}
{{ people }} < {{ var("min_cell_size") }}
{%- endmacro -%}


{#- A measure of a group; NULL when the group is small. -#}
{%- macro unless_small(measure, people) -%}
case when {{ people }} >= {{ var("min_cell_size") }} then {{ measure }} end
{%- endmacro -%}
