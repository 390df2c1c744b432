{%- set outcomes = ['students', 'contracts_per_100_students'] -%}
{%- set drivers = ['events', 'contacts', 'companies', 'campuses', 'capacity'] -%}
with

regions as (

    select * from {{ ref('regions') }}

),

complete_years as (

    select * from regions

    where is_complete_year

),

-- One point per region: its years are not independent of each other.
region_means as (

    select
        region,
        {%- for driver in drivers %}
            avg({{ driver }}) as {{ driver }},
        {%- endfor %}
        avg(students) as students,
        100 * {{ share(
            'sum(contracts)', 'sum(case when contracts is not null then students end)'
        ) }} as contracts_per_100_students

    from complete_years

    group by region

),

-- A driver counts where the outcome is known.
pairs as (

    select
        outcomes.outcome,
        drivers.driver,
        outcomes.outcome_value,
        case when outcomes.outcome_value is not null then drivers.driver_value end as driver_value

    from region_means
        lateral view explode(
            map(
                {%- for outcome in outcomes %}
                    '{{ outcome }}', {{ outcome }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
        ) outcomes as outcome, outcome_value
        lateral view explode(
            map(
                {%- for driver in drivers %}
                    '{{ driver }}', {{ driver }}{{ ',' if not loop.last }}
                {%- endfor %}
            )
        ) drivers as driver, driver_value

),

moments as (

    select
        outcome,
        driver,
        count(outcome_value) as regions,
        min(outcome_value) < max(outcome_value) and min(driver_value) < max(driver_value) as vary,
        covar_pop(outcome_value, driver_value) as covariance,
        stddev_pop(outcome_value) * stddev_pop(driver_value) as deviations

    from pairs

    group by outcome, driver

),

-- Not corr(): where one does not vary, it divides by zero. Rounding may leave a perfect correlation
-- a trifle outside of -1 to 1.
correlations as (

    select
        outcome,
        driver,
        regions,
        case
            when regions > 3 and vary
                then greatest(least(covariance / nullif(deviations, 0), 1.0d), -1.0d)
        end as correlation

    from moments

)

select
    outcome,
    driver,
    regions,
    correlation,
    {{ correlation_bound('correlation', 'regions', -1) }} as correlation_lower,
    {{ correlation_bound('correlation', 'regions', 1) }} as correlation_upper

from correlations
