with

leavers as (

    select * from {{ ref('int_leavers') }}

),

-- Every leaver of the intakes whose course is over, once per factor.
factors as (

    select
        status,
        explode(
            map(
                'attendance',
                {{ attendance_band('early_attendance_rate', 'early_lessons_called') }},
                'average_grade',
                {{ grade_band('early_average_grade', 'early_grade_count') }},
                'contract', if(had_contract, 'contract', 'no contract'),
                'event', if(recruited_at_event, 'recruited at an event', 'not at an event'),
                'home_region',
                case
                    when region_source = 'campus' then 'unknown'
                    when region = campus_region then 'region of the campus'
                    else 'another region'
                end,
                'campus', campus_name,
                'promotion', promotion,
                'gender', gender,
                'origin_institution',
                if(origin_institution is null, 'not recorded', 'recorded')
            )
        ) as (factor, band)

    from leavers

    where is_course_over

),

bands as (

    select
        factor,
        band,
        count(*) as people,
        count_if(status = 'dropped_out') as dropouts

    from factors

    group by factor, band

),

-- The unknown are compared with nobody, and are nobody's rest.
compared as (

    select
        factor,
        band,
        people,
        dropouts,
        sum(people) over (partition by factor, band = 'unknown') - people as other_people,
        sum(dropouts) over (partition by factor, band = 'unknown') - dropouts as other_dropouts

    from bands

)

select
    factor,
    band,
    people,
    {{ unless_small('dropouts', 'people') }} as dropouts,
    {{ unless_small(share('dropouts', 'people'), 'people') }} as dropout_rate,
    {{ unless_small(share_bound('dropouts', 'people', -1), 'people') }} as dropout_rate_lower,
    {{ unless_small(share_bound('dropouts', 'people', 1), 'people') }} as dropout_rate_upper,
    {{
        unless_small(
            relative_risk('dropouts', 'people', 'other_dropouts', 'other_people'),
            'least(people, other_people)'
        )
    }} as relative_risk,
    {{
        unless_small(
            relative_risk_bound('dropouts', 'people', 'other_dropouts', 'other_people', -1),
            'least(people, other_people)'
        )
    }} as relative_risk_lower,
    {{
        unless_small(
            relative_risk_bound('dropouts', 'people', 'other_dropouts', 'other_people', 1),
            'least(people, other_people)'
        )
    }} as relative_risk_upper,
    {{ is_small_group('people') }} as is_small_group

from compared
