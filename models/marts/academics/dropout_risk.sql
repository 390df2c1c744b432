with

observations as (

    select * from {{ ref('dropout_observations') }}

)

-- No row: the step `score` learns from the observations and puts the scores in.
select
    student_key,
    cutoff_date,
    school_year,
    cast(null as double) as risk,
    cast(null as int) as risk_decile,
    cast(null as string) as model_version,
    cast(null as date) as learned_until

from observations

where false
