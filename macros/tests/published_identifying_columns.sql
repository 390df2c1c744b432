{#-
    The columns of presentation marts that tell who somebody is: by their own declaration
    (`meta.personal_data.identifying`), or because a column of that name does elsewhere.
-#}
{%- macro published_identifying_columns() -%}

  {%- set identifying = [] -%}
  {%- set published = [] -%}
  {#- While dbt parses there is no graph yet. -#}
  {%- set nodes = (graph.nodes.values() | list) + (graph.sources.values() | list) if execute else [] -%}
  {%- for node in nodes -%}
    {%- set published_as = node.config.get('meta', {}).get('published_as') -%}
    {%- for column in node.get('columns', {}).values() -%}
      {%- set personal_data = column.config.get('meta', {}).get('personal_data', {}) -%}
      {%- if personal_data.get('identifying') -%}
        {%- do identifying.append(column.name | lower) -%}
      {%- endif -%}
      {%- if published_as == 'presentation' -%}
        {%- do published.append({'mart': node.name, 'name': column.name | lower}) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(published | selectattr('name', 'in', identifying) | list) }}

{%- endmacro -%}
