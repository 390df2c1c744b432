with

students as (

    select * from {{ ref('int_students') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

campuses as (

    select * from {{ ref('stg_erp__campuses') }}

),

subjects as (

    select * from {{ ref('stg_erp__subjects') }}

),

roll_calls as (

    select * from {{ ref('int_roll_calls') }}

),

grades as (

    select * from {{ ref('stg_erp__grades') }}

),

apprenticeships as (

    select * from {{ ref('stg_erp__apprenticeships') }}

),

contact_matches as (

    select * from {{ ref('int_contact_student_matches') }}

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

school_years as (

    select
        recorded_from,
        observed_until,
        explode(sequence({{ school_year('recorded_from') }}, school_year)) as school_year

    from observed_until

),

days as (

    select
        school_year,
        recorded_from,
        observed_until,
        explode({{ risk_cutoffs('school_year') }}) as cutoff_date

    from school_years

),

-- Each with the days that it is the first cut-off date after.
cutoffs as (

    select
        cutoff_date,
        school_year,
        observed_until,
        coalesce(
            lag(cutoff_date) over (order by cutoff_date), make_date(1900, 1, 1)
        ) as previous_cutoff_date

    from days

    where cutoff_date between recorded_from and observed_until

),

enrolled as (

    select
        students.student_id,
        students.campus_id,
        students.home_region,
        students.join_date,
        cutoffs.cutoff_date,
        cutoffs.school_year,
        {{
            drops_out_soon(
                'cutoffs.cutoff_date',
                'students.left_date',
                'students.status',
                'cutoffs.observed_until'
            )
        }} as drops_out

    from students

    inner join cutoffs
        on
            students.join_date <= cutoffs.cutoff_date
            and (students.left_date is null or students.left_date > cutoffs.cutoff_date)

),

calls_by_period as (

    select
        roll_calls.student_id,
        cutoffs.cutoff_date,
        count(*) as lessons_called,
        count_if(roll_calls.is_attended) as lessons_attended,
        count_if(
            {{
                is_in_last_days(
                    'roll_calls.lesson_day', 'cutoffs.cutoff_date', var('risk_recent_days')
                )
            }}
        ) as recent_lessons_called,
        count_if(
            roll_calls.is_attended
            and {{
                is_in_last_days(
                    'roll_calls.lesson_day', 'cutoffs.cutoff_date', var('risk_recent_days')
                )
            }}
        ) as recent_lessons_attended,
        max_by(
            struct(roll_calls.campus_id, subjects.level),
            struct(roll_calls.lesson_day, roll_calls.lesson_id)
        ) as last_lesson

    from roll_calls

    inner join cutoffs
        on
            roll_calls.lesson_day > cutoffs.previous_cutoff_date
            and roll_calls.lesson_day <= cutoffs.cutoff_date

    left join subjects on roll_calls.subject_id = subjects.subject_id

    group by roll_calls.student_id, cutoffs.cutoff_date

),

grades_by_period as (

    select
        grades.student_id,
        cutoffs.cutoff_date,
        sum(grades.grade) as grade_sum,
        count(*) as grade_count

    from grades

    inner join cutoffs
        on
            grades.graded_on > cutoffs.previous_cutoff_date
            and grades.graded_on <= cutoffs.cutoff_date

    group by grades.student_id, cutoffs.cutoff_date

),

-- The first study contract that ran while the student was enrolled, or is to run.
first_contracts as (

    select
        apprenticeships.student_id,
        min(apprenticeships.start_date) as first_contract_on

    from apprenticeships

    inner join students on apprenticeships.student_id = students.student_id

    where
        {{ is_study_contract('apprenticeships.contract_type') }}
        and (apprenticeships.end_date is null or apprenticeships.end_date >= students.join_date)

    group by apprenticeships.student_id

),

recruits as (

    select student_id

    from contact_matches

    where is_last_touch

),

-- Up to each cut-off date: what came after it counts at later ones only.
so_far as (

    select
        enrolled.*,
        sum(calls_by_period.lessons_called) over up_to_now as lessons_called,
        sum(calls_by_period.lessons_attended) over up_to_now as lessons_attended,
        coalesce(calls_by_period.recent_lessons_called, 0) as recent_lessons_called,
        calls_by_period.recent_lessons_attended,
        last_value(calls_by_period.last_lesson, true) over up_to_now as last_lesson,
        sum(grades_by_period.grade_sum) over up_to_now as grade_sum,
        sum(grades_by_period.grade_count) over up_to_now as grade_count

    from enrolled

    left join calls_by_period
        on
            enrolled.student_id = calls_by_period.student_id
            and enrolled.cutoff_date = calls_by_period.cutoff_date

    left join grades_by_period
        on
            enrolled.student_id = grades_by_period.student_id
            and enrolled.cutoff_date = grades_by_period.cutoff_date

    window up_to_now as (
        partition by enrolled.student_id
        order by enrolled.cutoff_date
        rows between unbounded preceding and current row
    )

),

located as (

    select
        so_far.*,
        coalesce(so_far.last_lesson.campus_id, so_far.campus_id) as campus_of_lessons

    from so_far

)

select
    student_keys.student_key,
    located.cutoff_date,
    located.school_year,
    located.campus_of_lessons as campus_id,
    located.last_lesson.level,
    {{ tenure_days('located.join_date', 'located.cutoff_date') }} as days_enrolled,
    coalesce(located.lessons_called, 0) as lessons_called,
    {{ attendance_rate('located.lessons_attended', 'located.lessons_called') }} as attendance_rate,
    located.recent_lessons_called,
    {{ attendance_rate('located.recent_lessons_attended', 'located.recent_lessons_called') }}
        as recent_attendance_rate,
    coalesce(located.grade_count, 0) as grade_count,
    {{ share('located.grade_sum', 'located.grade_count') }} as average_grade,
    coalesce(first_contracts.first_contract_on <= located.cutoff_date, false) as has_had_contract,
    recruits.student_id is not null as recruited_at_event,
    case
        when located.home_region is null then 'unknown'
        when located.home_region = campuses.region then 'region of the campus'
        else 'another region'
    end as home,
    located.drops_out

from located

left join student_keys on located.student_id = student_keys.student_id

left join campuses on located.campus_of_lessons = campuses.campus_id

left join first_contracts on located.student_id = first_contracts.student_id

left join recruits on located.student_id = recruits.student_id

-- The order of the ERP's student ids would tell which key is whose.
order by student_keys.student_key, located.cutoff_date
