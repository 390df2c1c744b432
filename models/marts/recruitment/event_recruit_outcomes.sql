with

students as (

    select * from {{ ref('students') }}

),

leavers as (

    select * from {{ ref('int_leavers') }}

),

outcomes as (

    select
        recruited_at_event,
        'attendance_rate' as outcome,
        attendance_rate as measured

    from students

    where attendance_rate is not null

    union all

    select
        recruited_at_event,
        'average_grade' as outcome,
        average_grade as measured

    from students

    where average_grade is not null

    union all

    -- Of a younger intake only the dropouts have left.
    select
        recruited_at_event,
        'dropout_rate' as outcome,
        case when status = 'dropped_out' then 1.0d else 0.0d end as measured

    from leavers

    where is_course_over

),

-- The variance of a share is p (1 - p), that of measured values has n - 1 degrees of freedom.
compared as (

    select
        outcome,
        count_if(recruited_at_event) as recruits,
        count_if(not recruited_at_event) as non_recruits,
        avg(case when recruited_at_event then measured end) as recruits_mean,
        avg(case when not recruited_at_event then measured end) as non_recruits_mean,
        case
            when outcome = 'dropout_rate'
                then var_pop(case when recruited_at_event then measured end)
            else var_samp(case when recruited_at_event then measured end)
        end as recruits_variance,
        case
            when outcome = 'dropout_rate'
                then var_pop(case when not recruited_at_event then measured end)
            else var_samp(case when not recruited_at_event then measured end)
        end as non_recruits_variance

    from outcomes

    group by outcome

),

bounded as (

    select
        *,
        least(recruits, non_recruits) as fewest,
        {%- set means = [
            'recruits_mean', 'recruits_variance', 'recruits',
            'non_recruits_mean', 'non_recruits_variance', 'non_recruits'
        ] %}
        {{ mean_difference_bound(*means, side=-1) }} as difference_lower,
        {{ mean_difference_bound(*means, side=1) }} as difference_upper

    from compared

)

select
    outcome,
    recruits,
    non_recruits,
    {{ is_small_group('fewest') }} as is_small_group,
    {{ unless_small('recruits_mean', 'recruits') }} as recruits_mean,
    {{ unless_small('non_recruits_mean', 'non_recruits') }} as non_recruits_mean,
    {{ unless_small('recruits_mean - non_recruits_mean', 'fewest') }} as difference,
    {{ unless_small('difference_lower', 'fewest') }} as difference_lower,
    {{ unless_small('difference_upper', 'fewest') }} as difference_upper

from bounded
