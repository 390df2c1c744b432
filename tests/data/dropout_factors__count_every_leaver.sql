/*
What it checks: the bands of each factor hold everybody who has left of the intakes whose course is
over, and all who dropped out of them; only where a small group hides its own may some be missing.
When it matters: a band without its people compares risks of different populations.
How to resolve: a factor whose bands lack people has a value that is NULL: give it a band in the
factors step of models/marts/academics/dropout_factors.sql.
*/
with

expected_factors as (

    select
        explode(
            array(
                'attendance',
                'average_grade',
                'contract',
                'event',
                'home_region',
                'campus',
                'promotion',
                'gender',
                'origin_institution'
            )
        ) as factor

),

by_factor as (

    select
        factor,
        sum(people) as people,
        sum(dropouts) as dropouts,
        bool_or(is_small_group) as has_small_group

    from {{ ref('dropout_factors') }}

    group by factor

),

observed_until as (

    select * from {{ ref('int_observed_until') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

leavers as (

    select
        count(*) as people,
        count_if(students.status = 'dropped_out') as dropouts

    from {{ ref('students') }} as students

    inner join student_keys on students.student_key = student_keys.student_key

    inner join {{ ref('int_student_school_years') }} as intakes
        on student_keys.student_id = intakes.student_id and intakes.is_intake

    cross join observed_until

    where
        students.left_date is not null
        and {{
            is_course_over(
                'intakes.promotion', 'students.join_date', 'observed_until.school_year'
            )
        }}

)

select
    expected_factors.factor,
    by_factor.people,
    leavers.people as people_expected,
    by_factor.dropouts,
    leavers.dropouts as dropouts_expected

from expected_factors

cross join leavers

left join by_factor on expected_factors.factor = by_factor.factor

where
    coalesce(by_factor.people, 0) <> leavers.people
    or coalesce(by_factor.dropouts, 0) > leavers.dropouts
    or (not by_factor.has_small_group and by_factor.dropouts <> leavers.dropouts)
