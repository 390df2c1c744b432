{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='student_id',
        merge_update_columns=['student_id'],
        full_refresh=false,
        on_schema_change='fail',
        schema='build',
        tblproperties={'write.merge.mode': 'merge-on-read', 'write.metadata.metrics.default': 'counts'},
        meta={'published_as': 'nowhere'},
    )
}}

with

students as (

    select * from {{ ref('stg_erp__students') }}

),

-- A merge, so that of two builds at once the second fails and does not add a second key. It finds
-- nothing to update, and would touch no key if it did. Merge-on-read, because copy-on-write would
-- read its source twice: one that is drawn at random is refused.
students_without_key as (

    select students.student_id

    from students

    {% if is_incremental() %}
    left join {{ this }} as known on students.student_id = known.student_id

    where known.student_id is null
    {% endif %}

)

-- Java's generator is a secure one. Spark's own uuid() is not: whoever guesses its seed can put all
-- keys back into the order in which they were drawn, which is that of the ids.
select
    student_id,
    replace(java_method('java.util.UUID', 'randomUUID'), '-', '') as student_key

from students_without_key
