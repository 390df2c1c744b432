with

backtest as (

    select * from {{ ref('int_enrolment_backtest') }}

),

accuracy as (

    select * from {{ ref('forecast_accuracy') }}

),

-- One row per scope: chosen is a model, whatever the horizon.
chosen as (

    select
        scope,
        campus_id,
        model

    from accuracy

    where is_chosen

    group by scope, campus_id, model

),

last_origins as (

    select max(origin_year) as origin_year from backtest

),

-- Without a backtest nothing has beaten naive.
forecasts as (

    select
        backtest.*,
        backtest.model <> 'naive' as beats_naive

    from backtest

    inner join last_origins on backtest.origin_year = last_origins.origin_year

    left join chosen
        on
            backtest.scope = chosen.scope
            and backtest.campus_id = chosen.campus_id

    where backtest.model = coalesce(chosen.model, 'naive')

)

select
    scope,
    campus_id,
    school_year,
    'students' as measure,
    horizon,
    origin_year,
    known_years,
    model,
    beats_naive,
    students_forecast,
    {{ forecast_bound('model', 'centre', 'deviation', 80, -1) }} as lower_80,
    {{ forecast_bound('model', 'centre', 'deviation', 80, 1) }} as upper_80,
    {{ forecast_bound('model', 'centre', 'deviation', 95, -1) }} as lower_95,
    {{ forecast_bound('model', 'centre', 'deviation', 95, 1) }} as upper_95

from forecasts
