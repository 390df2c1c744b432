{#- A table: the forecast and its accuracy are read from the same rows. -#}
{{ config(materialized='table') }}

with

enrolment_counts as (

    select * from {{ ref('int_enrolment_counts') }}

),

scopes as (

    select * from values ('campus'), ('school') as scopes (scope)

),

models as (

    select * from values ('naive'), ('drift'), ('growth') as models (model)

),

-- Each campus, and the whole school as campus 0.
counted as (

    select
        scopes.scope,
        case scopes.scope when 'school' then 0 else enrolment_counts.campus_id end as campus_id,
        enrolment_counts.school_year,
        sum(enrolment_counts.students_on_count_day) as students

    from enrolment_counts

    cross join scopes

    where enrolment_counts.is_counted_year

    group by
        scopes.scope,
        case scopes.scope when 'school' then 0 else enrolment_counts.campus_id end,
        enrolment_counts.school_year

),

last_count as (

    select max(school_year) as school_year from counted

),

-- From the first count that is no small group on, 0 when there were none later. Nothing where the
-- last count is one: naive would tell it.
spans as (

    select
        counted.scope,
        counted.campus_id,
        min(counted.school_year) as first_year,
        max(last_count.school_year) as last_year

    from counted

    cross join last_count

    where not {{ is_small_group('counted.students') }}

    group by counted.scope, counted.campus_id

    having max(counted.school_year) = max(last_count.school_year)

),

years as (

    select
        scope,
        campus_id,
        explode(sequence(first_year, last_year)) as school_year

    from spans

),

series as (

    select
        years.scope,
        years.campus_id,
        years.school_year,
        coalesce(counted.students, 0) as students,
        case when counted.students > 0 then ln(counted.students) end as log_students

    from years

    left join counted
        on
            years.scope = counted.scope
            and years.campus_id = counted.campus_id
            and years.school_year = counted.school_year

),

steps as (

    select
        *,
        students - lag(students) over by_year as step,
        log_students - lag(log_students) over by_year as log_step

    from series

    window by_year as (partition by scope, campus_id order by school_year)

),

-- What was known in each year: residuals are one-step, as many degrees of freedom as there are
-- changes less the means estimated from them.
origins as (

    select
        scope,
        campus_id,
        school_year as origin_year,
        students,
        count(*) over known as known_years,
        avg(step) over known as mean_step,
        sqrt(avg(step * step) over known) as step_size,
        stddev_samp(step) over known as step_deviation,
        case when min(students) over known > 0 then avg(log_step) over known end
            as mean_log_step,
        stddev_samp(log_step) over known as log_step_deviation

    from steps

    window known as (
        partition by scope, campus_id order by school_year
        rows between unbounded preceding and current row
    )

),

horizons as (

    select explode(sequence(1, {{ var('forecast_years') }})) as horizon

),

extrapolated as (

    select
        origins.*,
        horizons.horizon,
        sqrt(horizons.horizon) as naive_width,
        sqrt(horizons.horizon * (1 + horizons.horizon / (origins.known_years - 1))) as drift_width

    from origins

    cross join horizons

    where origins.known_years >= {{ var('forecast_min_years') }}

),

modelled as (

    select
        extrapolated.scope,
        extrapolated.campus_id,
        extrapolated.origin_year,
        extrapolated.known_years,
        extrapolated.horizon,
        models.model,
        case models.model
            when 'naive' then cast(extrapolated.students as double)
            when 'drift' then extrapolated.students + extrapolated.horizon * extrapolated.mean_step
            else extrapolated.students * exp(extrapolated.horizon * extrapolated.mean_log_step)
        end as centre,
        case models.model
            when 'naive' then extrapolated.step_size * extrapolated.naive_width
            when 'drift' then extrapolated.step_deviation * extrapolated.drift_width
            else extrapolated.log_step_deviation * extrapolated.drift_width
        end as deviation

    from extrapolated

    cross join models

    where models.model <> 'growth' or extrapolated.mean_log_step is not null

)

select
    modelled.scope,
    modelled.campus_id,
    modelled.origin_year,
    modelled.model,
    modelled.horizon,
    modelled.origin_year + modelled.horizon as school_year,
    modelled.known_years,
    modelled.centre,
    modelled.deviation,
    greatest(modelled.centre, 0) as students_forecast,
    series.students

from modelled

left join series
    on
        modelled.scope = series.scope
        and modelled.campus_id = series.campus_id
        and modelled.origin_year + modelled.horizon = series.school_year
