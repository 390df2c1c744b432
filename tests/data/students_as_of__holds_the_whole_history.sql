/*
What it checks: the versions of a student do not overlap, and cover exactly the time that
students_history covers.
When it matters: a gap loses the student in every question about a day within it, an overlap counts
him or her twice.
How to resolve: look the student_key up in student_keys, its student_id in students_history, and
the campus in campuses_history. Where the mart has a gap and students_history none, a version of
the campus is missing: see the campus_versions step of students_as_of.sql. Where it has an overlap,
one of the two histories has two versions for one instant.
*/
with

history as (

    select
        student_keys.student_key,
        sum(
            unix_micros(coalesce(versions.dbt_valid_to, now()))
            - unix_micros(versions.dbt_valid_from)
        ) as micros

    from {{ ref('students_history') }} as versions

    left join {{ ref('student_keys') }} as student_keys
        on versions.student_id = student_keys.student_id

    group by student_keys.student_key

),

followed as (

    select
        student_key,
        valid_from,
        coalesce(valid_to, now()) as valid_to,
        lead(valid_from) over (partition by student_key order by valid_from) as next_valid_from

    from {{ ref('students_as_of') }}

),

in_the_mart as (

    select
        student_key,
        sum(unix_micros(valid_to) - unix_micros(valid_from)) as micros,
        count_if(valid_to > next_valid_from) as overlapping

    from followed

    group by student_key

)

select
    coalesce(history.student_key, in_the_mart.student_key) as student_key,
    history.micros,
    in_the_mart.micros as micros_in_the_mart,
    in_the_mart.overlapping

from history

full outer join in_the_mart on history.student_key = in_the_mart.student_key

where
    history.student_key is null
    or in_the_mart.student_key is null
    or history.micros <> in_the_mart.micros
    or in_the_mart.overlapping > 0
