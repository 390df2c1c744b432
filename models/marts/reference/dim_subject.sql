with

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

)

select
    subject_id,
    subject_name,
    level

from subjects
