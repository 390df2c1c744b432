{#-
    The rows of an ERP table that a run of the staging zone carries as changes: a whole layer and
    later ones. `LAYERS_0`, `LAYERS_1` … hold their rows, `LAYERS_1_deleted` … the keys that are gone.
    A row stands if no later layer has its key. As gates/candidate.py does it for the gate.
-#}
{%- macro rebuilt_rows(layers, key, changes) -%}
with touched as (

    {% for number in range(1, changes + 1) -%}
    select `{{ key }}`, {{ number }} as layer from {{ layers }}_{{ number }}
    union all
    select `{{ key }}`, {{ number }} as layer from {{ layers }}_{{ number }}_deleted
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

),

latest as (

    select `{{ key }}`, max(layer) as layer from touched group by `{{ key }}`

),

all_rows as (

    {% for number in range(changes + 1) -%}
    select *, {{ number }} as _layer from {{ layers }}_{{ number }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor %}

)

select all_rows.* from all_rows
left join latest on all_rows.`{{ key }}` = latest.`{{ key }}`
where latest.layer is null or latest.layer = all_rows._layer
{%- endmacro -%}
