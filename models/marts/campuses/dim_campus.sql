with

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

)

select
    campus_id,
    campus_name,
    city,
    region,
    opened_on,
    capacity

from campuses
