{#- Each measure, and whether more of it is better (1) or worse (-1). -#}
{%- set measures = {
    'fill_rate': 1,
    'intake': 1,
    'intake_trend': 1,
    'attendance_rate': 1,
    'average_grade': 1,
    'dropout_rate': -1,
    'contract_rate': 1,
    'event_conversion_rate': 1,
} -%}
with

campus_years as (

    select * from {{ ref('int_campus_school_years') }}

),

with_previous_year as (

    select
        *,
        -- Of a year before the first roll, the intake is only who stayed.
        max(case when is_complete_year then intake end) over (
            partition by campus_id
            order by school_year
            range between 1 preceding and 1 preceding
        ) as previous_intake

    from campus_years

),

-- The group of a measure is those it is taken over: a mean of few grades tells of few students.
measured as (

    select
        campus_id,
        school_year,
        campus_name,
        is_complete_year,
        students,
        capacity,
        {{ unless_small('dropouts', 'students') }} as dropouts,
        contacts,
        {{ unless_small(share('students', 'capacity'), 'students') }} as fill_rate,
        {{ unless_small('intake', 'students') }} as intake,
        {{ unless_small(
            share('(intake - previous_intake)', 'previous_intake'),
            'least(students, previous_intake)'
        ) }} as intake_trend,
        {{ unless_small(attendance_rate('lessons_attended', 'lessons_called'), 'called_students') }}
            as attendance_rate,
        {{ unless_small(share('grade_sum', 'grade_count'), 'graded_students') }} as average_grade,
        {{ unless_small(share('dropouts', 'students'), 'students') }} as dropout_rate,
        {{ unless_small(share('contracted_students', 'students'), 'students') }} as contract_rate,
        {{ unless_small(share('contacts_converted', 'contacts'), 'contacts') }}
            as event_conversion_rate

    from with_previous_year

),

by_measure as (

    select
        measured.campus_id,
        measured.school_year,
        measured.campus_name,
        unpivoted.measure,
        unpivoted.measure_value

    from measured
        lateral view explode(
            map(
                {%- for measure in measures %}
                    '{{ measure }}', cast({{ measure }} as double){{ ',' if not loop.last }}
                {%- endfor %}
            )
        ) unpivoted as measure, measure_value

),

-- `merit` is more where the campus is better.
merits as (

    select
        *,
        measure_value
        * case
            {%- for measure, direction in measures.items() if direction < 0 %}
                when measure = '{{ measure }}' then {{ direction }}
            {%- endfor %}
            else 1
        end as merit

    from by_measure

    where measure_value is not null

),

compared as (

    select
        *,
        rank() over (partition by school_year, measure order by merit desc) as measure_rank,
        -- Of several best ones, the campus with the lowest number stands for all.
        first_value(measure_value) over best_first as best_value,
        first_value(campus_name) over best_first as best_campus,
        case
            when min(merit) over peers < max(merit) over peers
                then (merit - avg(merit) over peers) / stddev_pop(merit) over peers
        end as z_score

    from merits

    window
        peers as (partition by school_year, measure),
        best_first as (partition by school_year, measure order by merit desc, campus_id asc)

),

-- A small campus has a small intake: no weakness, and fill_rate and intake_trend tell of it.
-- Rounded, because equal scores may differ in their last digits.
ordered as (

    select
        *,
        case
            when z_score is not null and measure <> 'intake'
                then row_number() over (
                    partition by campus_id, school_year, z_score is not null and measure <> 'intake'
                    order by round(z_score, 9), measure
                )
        end as weakness

    from compared

),

scores as (

    select
        campus_id,
        school_year,
        {%- for measure in measures %}
            max(case when measure = '{{ measure }}' then measure_rank end) as {{ measure }}_rank,
            max(case when measure = '{{ measure }}' then z_score end) as {{ measure }}_z_score,
        {%- endfor %}
        max(case when weakness = 1 then measure end) as weakest_measure,
        max(case when weakness = 1 then measure_value end) as weakest_value,
        max(case when weakness = 1 then best_campus end) as weakest_best_campus,
        max(case when weakness = 1 then best_value end) as weakest_best_value,
        max(case when weakness = 2 then measure end) as second_weakest_measure,
        max(case when weakness = 2 then measure_value end) as second_weakest_value,
        max(case when weakness = 2 then best_campus end) as second_weakest_best_campus,
        max(case when weakness = 2 then best_value end) as second_weakest_best_value

    from ordered

    group by campus_id, school_year

)

select
    measured.campus_id,
    measured.school_year,
    measured.campus_name,
    measured.is_complete_year,
    measured.students,
    {{ is_small_group('measured.students') }} as is_small_group,
    measured.capacity,
    measured.dropouts,
    measured.contacts,
    {%- for measure in measures %}
        measured.{{ measure }},
        scores.{{ measure }}_rank,
        scores.{{ measure }}_z_score,
    {%- endfor %}
    scores.weakest_measure,
    scores.weakest_value,
    scores.weakest_best_campus,
    scores.weakest_best_value,
    scores.second_weakest_measure,
    scores.second_weakest_value,
    scores.second_weakest_best_campus,
    scores.second_weakest_best_value

from measured

left join scores
    on
        measured.campus_id = scores.campus_id
        and measured.school_year = scores.school_year
