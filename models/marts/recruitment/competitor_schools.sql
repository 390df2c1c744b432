with

students as (

    select * from {{ ref('int_students') }}

),

student_school_years as (

    select * from {{ ref('int_student_school_years') }}

),

student_years as (

    select
        students.student_id,
        student_school_years.school_year,
        student_school_years.is_intake,
        student_school_years.status_at_end = 'dropped_out' as is_dropout,
        students.next_school,
        students.origin_institution,
        {{ tenure_days('students.join_date', 'students.left_date') }} as tenure_days,
        sum(student_school_years.grade_sum) over (
            partition by students.student_id order by student_school_years.school_year
        ) as grade_sum,
        sum(student_school_years.grade_count) over (
            partition by students.student_id order by student_school_years.school_year
        ) as grade_count,
        row_number() over (
            partition by students.student_id order by student_school_years.school_year desc
        ) = 1 as is_last_year

    from student_school_years

    inner join students on student_school_years.student_id = students.student_id

),

-- A student who stays for years is one student of all years, as he or she stood in the last one.
scopes as (

    select explode(array('year', 'all_years')) as scope  -- noqa: RF04

),

periods as (

    select
        scopes.scope,
        case when scopes.scope = 'year' then student_years.school_year else 0 end as school_year,
        student_years.is_intake,
        student_years.is_intake or scopes.scope = 'all_years' as is_joiner,
        student_years.is_dropout,
        student_years.next_school,
        student_years.origin_institution,
        student_years.tenure_days,
        {{ share('student_years.grade_sum', 'student_years.grade_count') }} as average_grade

    from student_years

    cross join scopes

    where scopes.scope = 'year' or student_years.is_last_year

),

lost as (

    select
        scope,
        school_year,
        next_school as competing_school,
        count(*) as students_lost,
        count_if(is_intake) as lost_in_first_year,
        percentile(tenure_days, 0.5) as median_tenure_days,
        count(average_grade) as graded,
        avg(average_grade) as average_grade,
        var_samp(average_grade) as grade_variance

    from periods

    where is_dropout and next_school is not null

    group by scope, school_year, next_school

),

gained as (

    select
        periods.scope,
        periods.school_year,
        periods.origin_institution as competing_school,
        count(*) as students_gained

    from periods

    left semi join lost on periods.origin_institution = lost.competing_school

    where periods.is_joiner

    group by periods.scope, periods.school_year, periods.origin_institution

),

stayers as (

    select
        scope,
        school_year,
        count(average_grade) as graded,
        avg(average_grade) as average_grade,
        var_samp(average_grade) as grade_variance

    from periods

    where not is_dropout

    group by scope, school_year

),

exchanged as (

    select
        coalesce(lost.scope, gained.scope) as scope,  -- noqa: RF04
        coalesce(lost.school_year, gained.school_year) as school_year,
        coalesce(lost.competing_school, gained.competing_school) as competing_school,
        coalesce(lost.students_lost, 0) as students_lost,
        coalesce(gained.students_gained, 0) as students_gained,
        lost.lost_in_first_year,
        lost.median_tenure_days,
        lost.graded,
        lost.average_grade,
        lost.grade_variance

    from lost

    full outer join gained
        on
            lost.scope = gained.scope
            and lost.school_year = gained.school_year
            and lost.competing_school = gained.competing_school

),

-- The means of few graded students are no more to be told than the number of few students.
compared as (

    select
        exchanged.*,
        {{ unless_small('exchanged.average_grade', 'exchanged.graded') }} as average_grade_of_lost,
        {{ unless_small('stayers.average_grade', 'stayers.graded') }} as average_grade_of_stayers,
        stayers.graded as stayers_graded,
        stayers.grade_variance as stayers_variance

    from exchanged

    left join stayers
        on
            exchanged.scope = stayers.scope
            and exchanged.school_year = stayers.school_year

)

select
    scope,
    competing_school,
    school_year,
    students_lost,
    students_gained,
    students_lost - students_gained as net_lost,
    {{ unless_small('lost_in_first_year', 'students_lost') }} as lost_in_first_year,
    {{ unless_small('median_tenure_days', 'students_lost') }} as median_tenure_days,
    average_grade_of_lost,
    average_grade_of_stayers,
    average_grade_of_lost - average_grade_of_stayers as average_grade_difference,
    {{ mean_difference_bound(
        'average_grade_of_lost', 'grade_variance', 'graded',
        'average_grade_of_stayers', 'stayers_variance', 'stayers_graded', -1
    ) }} as average_grade_difference_lower,
    {{ mean_difference_bound(
        'average_grade_of_lost', 'grade_variance', 'graded',
        'average_grade_of_stayers', 'stayers_variance', 'stayers_graded', 1
    ) }} as average_grade_difference_upper,
    {{ is_small_group('students_lost') }} as is_small_group

from compared
