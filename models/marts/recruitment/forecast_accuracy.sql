with

backtest as (

    select * from {{ ref('int_enrolment_backtest') }}

),

errors as (

    select
        scope,
        campus_id,
        model,
        horizon,
        students_forecast - students as error,
        students

    from backtest

    where students is not null

),

by_horizon as (

    select
        scope,
        campus_id,
        model,
        horizon,
        count(*) as origins,
        avg(abs(error)) as mae,
        sqrt(avg(error * error)) as rmse,
        avg(abs(error) / nullif(students, 0)) as mape

    from errors

    group by scope, campus_id, model, horizon

),

by_model as (

    select
        scope,
        campus_id,
        model,
        count(*) as forecasts,
        -- Rounded, so that models that err alike are told apart by being simple.
        round(avg(abs(error)), 9) as overall_mae,
        case model when 'naive' then 1 when 'drift' then 2 else 3 end as complexity

    from errors

    group by scope, campus_id, model

),

-- A model that could not forecast from some origin is not compared with those that could.
ranked as (

    select
        candidates.*,
        candidates.forecasts = naive.forecasts as is_comparable,
        row_number() over (
            partition by candidates.scope, candidates.campus_id
            order by
                candidates.forecasts <> naive.forecasts,
                candidates.overall_mae,
                candidates.complexity
        ) as place

    from by_model as candidates

    inner join by_model as naive
        on
            candidates.scope = naive.scope
            and candidates.campus_id = naive.campus_id
            and naive.model = 'naive'

)

select
    by_horizon.scope,
    by_horizon.campus_id,
    by_horizon.model,
    by_horizon.horizon,
    by_horizon.origins,
    by_horizon.mae,
    by_horizon.rmse,
    by_horizon.mape,
    naive.mae as mae_of_naive,
    ranked.overall_mae,
    ranked.is_comparable,
    ranked.place = 1 as is_chosen

from by_horizon

inner join by_horizon as naive
    on
        by_horizon.scope = naive.scope
        and by_horizon.campus_id = naive.campus_id
        and by_horizon.horizon = naive.horizon
        and naive.model = 'naive'

inner join ranked
    on
        by_horizon.scope = ranked.scope
        and by_horizon.campus_id = ranked.campus_id
        and by_horizon.model = ranked.model
