/*
What it checks: each scope is forecast for as many years as it should be, with the model that
forecast_accuracy says is chosen, which beats naive wherever it is another; the intervals lie within
each other.
When it matters: errors published beside a forecast of another model are no measure of it.
How to resolve: look the scope up in both marts. Two chosen models point to the ranking in
models/marts/recruitment/forecast_accuracy.sql, too few years to int_enrolment_backtest.
*/
with

forecasts as (

    select
        scope,
        campus_id,
        model,
        beats_naive,
        count(*) as horizons,
        count_if(
            lower_95 <= lower_80
            and lower_80 <= students_forecast
            and students_forecast <= upper_80
            and upper_80 <= upper_95
        ) as nested

    from {{ ref('enrolment_forecast') }}

    group by scope, campus_id, model, beats_naive

),

chosen as (

    select
        scope,
        campus_id,
        count(distinct model) as models,
        -- Weighted by its origins, a horizon's error is its part of the overall one.
        sum(mae * origins) as errors,
        sum(mae_of_naive * origins) as errors_of_naive

    from {{ ref('forecast_accuracy') }}

    where is_chosen

    group by scope, campus_id

),

accuracy_of_forecast as (

    select
        forecasts.scope,
        forecasts.campus_id,
        max(accuracy.is_chosen) as is_chosen

    from forecasts

    inner join {{ ref('forecast_accuracy') }} as accuracy
        on
            forecasts.scope = accuracy.scope
            and forecasts.campus_id = accuracy.campus_id
            and forecasts.model = accuracy.model

    group by forecasts.scope, forecasts.campus_id

)

select
    forecasts.scope,
    forecasts.campus_id,
    chosen.campus_id as chosen_for_campus_id

from forecasts

full outer join chosen
    on
        forecasts.scope = chosen.scope
        and forecasts.campus_id = chosen.campus_id

left join accuracy_of_forecast
    on
        forecasts.scope = accuracy_of_forecast.scope
        and forecasts.campus_id = accuracy_of_forecast.campus_id

where
    forecasts.scope is null
    or forecasts.horizons <> {{ var('forecast_years') }}
    or forecasts.nested <> forecasts.horizons
    or forecasts.beats_naive = (forecasts.model = 'naive')
    or chosen.models <> 1
    or (chosen.models = 1 and not coalesce(accuracy_of_forecast.is_chosen, false))
    or (chosen.models is null and forecasts.model <> 'naive')
    or (forecasts.beats_naive and chosen.errors >= chosen.errors_of_naive)
