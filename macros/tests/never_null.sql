{#-
    Fails for each row in which one of `columns` is NULL. What `not_null` says of one column, in one
    statement for all of a model: statements are what a build's time goes into.
-#}
{%- test never_null(model, columns) -%}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{%- endtest -%}
