with

school_years as (

    select * from {{ ref('int_school_years') }}

),

-- Whole school years, up to the last one that is forecast.
bounds as (

    select
        min(school_year) as first_year,
        max(school_year) + {{ var('forecast_years') }} as last_year

    from school_years

),

years as (

    select explode(sequence(first_year, last_year + 1)) as holiday_year
    from bounds

),

-- Easter: the anonymous algorithm (J. Meeus, Astronomical Algorithms, 1991, ch. 8).
golden_numbers as (

    select
        holiday_year,
        holiday_year % 19 as golden,
        holiday_year div 100 as century,
        holiday_year % 100 as year_of_century

    from years

),

epacts as (

    select
        *,
        (
            19 * golden + century - century div 4
            - (century - (century + 8) div 25 + 1) div 3 + 15
        ) % 30 as epact

    from golden_numbers

),

weekdays as (

    select
        *,
        (
            32 + 2 * (century % 4) + 2 * (year_of_century div 4)
            - epact - year_of_century % 4
        ) % 7 as weekday_term

    from epacts

),

easter_offsets as (

    select
        *,
        epact + weekday_term
        - 7 * ((golden + 11 * epact + 22 * weekday_term) div 451) + 114 as easter_offset

    from weekdays

),

easters as (

    select
        holiday_year,
        make_date(
            holiday_year,
            cast(easter_offset div 31 as int),
            cast(easter_offset % 31 as int) + 1
        ) as easter

    from easter_offsets

),

holidays as (

    select
        holiday_year,
        explode(
            map(
                make_date(holiday_year, 1, 1), 'Jour de l’An',
                date_add(easter, 1), 'Lundi de Pâques',
                make_date(holiday_year, 5, 8), 'Victoire 1945',
                make_date(holiday_year, 7, 14), 'Fête nationale',
                make_date(holiday_year, 8, 15), 'Assomption',
                make_date(holiday_year, 11, 1), 'Toussaint',
                make_date(holiday_year, 11, 11), 'Armistice 1918',
                make_date(holiday_year, 12, 25), 'Noël'
            )
        ) as (holiday, holiday_name)

    from easters

    union all

    -- Apart: these may be one and the same day (1 May 2008 was Ascension Day).
    select
        holiday_year,
        make_date(holiday_year, 5, 1) as holiday,
        'Fête du Travail' as holiday_name

    from easters

    union all

    select
        holiday_year,
        explode(
            map(
                date_add(easter, 39), 'Ascension',
                date_add(easter, 50), 'Lundi de Pentecôte'
            )
        ) as (holiday, holiday_name)

    from easters

),

named_holidays as (

    select
        holiday,
        array_join(array_sort(collect_set(holiday_name)), ', ') as holiday_name

    from holidays

    group by holiday

),

days as (

    select
        explode(
            sequence({{ school_year_start('first_year') }}, {{ school_year_end('last_year') }})
        ) as date_day

    from bounds

)

select
    days.date_day,
    {{ school_year('days.date_day') }} as school_year,
    year(days.date_day) as calendar_year,
    month(days.date_day) as month_of_year,
    extract(week from days.date_day) as iso_week,
    weekday(days.date_day) + 1 as iso_weekday,
    weekday(days.date_day) >= 5 as is_weekend,
    named_holidays.holiday_name is not null as is_holiday,
    named_holidays.holiday_name

from days

left join named_holidays on days.date_day = named_holidays.holiday
