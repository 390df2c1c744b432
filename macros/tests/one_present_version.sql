{#-
    Fails for each row of `current`, and for each key that is not there, that does not have exactly one
    version without an end in the history `model`. Two open versions double whoever it is in
    every question about the past. Two builds at the same time, or one that died in the merge, can
    leave either. To resolve: end the older of two open versions by the dbt_valid_from of the newer;
    for a row without one, run `dbt snapshot` again.
-#}
{%- test one_present_version(model, current, key) -%}
with

current_rows as (

    select {{ key }} from {{ current }}

),

present_versions as (

    select {{ key }} from {{ model }} where dbt_valid_to is null

)

select coalesce(current_rows.{{ key }}, present_versions.{{ key }}) as {{ key }}

from current_rows

full outer join present_versions on current_rows.{{ key }} = present_versions.{{ key }}

group by coalesce(current_rows.{{ key }}, present_versions.{{ key }})

having
    count(*) > 1
    or count(current_rows.{{ key }}) = 0
    or count(present_versions.{{ key }}) = 0
{%- endtest -%}
