{%- set of_group = 'partition by scope, campus_id, graduation_year' -%}
{%- set up_to_the_day = of_group ~ ' order by days_waited' -%}
with

graduates as (

    select * from {{ ref('graduate_hiring') }}

),

-- A median of the school is none of its campuses' medians: each group is counted by itself.
scopes as (

    select
        explode(
            array('campus', 'campus_all_years', 'school', 'school_all_years')
        ) as scope  -- noqa: RF04

),

observations as (

    select
        scopes.scope,
        case when scopes.scope like 'campus%' then graduates.campus_id else 0 end as campus_id,
        case
            when scopes.scope like 'campus%' then graduates.campus_name else 'whole school'
        end as campus_name,
        case
            when scopes.scope like '%all_years' then 0 else graduates.graduation_year
        end as graduation_year,
        graduates.days_observed,
        graduates.is_hired

    from graduates

    cross join scopes

),

days as (

    select
        scope,
        campus_id,
        campus_name,
        graduation_year,
        days_observed as days_waited,
        count(*) as graduates,
        count_if(is_hired) as hires

    from observations

    group by scope, campus_id, campus_name, graduation_year, days_observed

),

-- Whoever was followed up to a day is at risk on it, the end of follow-up included.
days_at_risk as (

    select
        *,
        sum(graduates) over ({{ of_group }} order by days_waited desc) as at_risk

    from days

),

curves as (

    select
        *,
        {{ kaplan_meier('hires', 'at_risk', up_to_the_day) }} as not_hired,
        {{ greenwood('hires', 'at_risk', up_to_the_day) }} as greenwood

    from days_at_risk

),

measures as (

    select
        scope,
        campus_id,
        campus_name,
        graduation_year,
        sum(graduates) as graduates,
        sum(hires) as hired,
        {{ share('sum(hires * days_waited)', 'sum(hires)') }} as mean_days_of_hired,
        {{ median_survival('not_hired', 'days_waited') }} as median_days,
        {{ survival_after('not_hired', 'days_waited', var('hire_6_months_days')) }}
            as not_hired_6_months,
        {{ survival_after('not_hired', 'days_waited', var('hire_12_months_days')) }}
            as not_hired_12_months,
        max(case when days_waited <= {{ var('hire_6_months_days') }} then greenwood end)
            as greenwood_6_months,
        max(case when days_waited <= {{ var('hire_12_months_days') }} then greenwood end)
            as greenwood_12_months

    from curves

    group by scope, campus_id, campus_name, graduation_year

)

select
    scope,
    campus_id,
    campus_name,
    graduation_year,
    graduates,
    {{ unless_small('hired', 'graduates') }} as hired,
    {{ unless_small(share('hired', 'graduates'), 'graduates') }} as hired_share,
    {{ unless_small('mean_days_of_hired', 'hired') }} as mean_days_of_hired,
    {{ unless_small('median_days', 'graduates') }} as median_days,
    {{ unless_small('1 - not_hired_6_months', 'graduates') }} as hired_share_6_months,
    {{ unless_small(
        event_share_bound('not_hired_6_months', 'greenwood_6_months', -1), 'graduates'
    ) }} as hired_share_6_months_lower,
    {{ unless_small(
        event_share_bound('not_hired_6_months', 'greenwood_6_months', 1), 'graduates'
    ) }} as hired_share_6_months_upper,
    {{ unless_small('1 - not_hired_12_months', 'graduates') }} as hired_share_12_months,
    {{ unless_small(
        event_share_bound('not_hired_12_months', 'greenwood_12_months', -1), 'graduates'
    ) }} as hired_share_12_months_lower,
    {{ unless_small(
        event_share_bound('not_hired_12_months', 'greenwood_12_months', 1), 'graduates'
    ) }} as hired_share_12_months_upper,
    {{ is_small_group('graduates') }} as is_small_group

from measures
