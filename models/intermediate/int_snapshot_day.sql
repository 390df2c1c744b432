{#- A table: one row that many models read, from a file of the staging zone. -#}
{{ config(materialized='table') }}

with

manifest as (

    select * from {{ source('extract', 'manifest') }}

)

select {{ local_day('cast(snapshot.taken_at as timestamp)') }} as snapshot_day

from manifest
