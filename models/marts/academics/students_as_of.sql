with

student_history as (

    select * from {{ ref('students_history') }}

),

campus_history as (

    select * from {{ ref('campuses_history') }}

),

student_keys as (

    select * from {{ ref('student_keys') }}

),

-- What was seen first of a campus holds for the time before as well: its history may have begun
-- later than that of its students. What was seen last holds on, and each version until the next:
-- a build that died between the two histories ended a campus before its students moved.
campus_versions as (

    select
        campus_id,
        campus_name,
        region,
        case
            when row_number() over (partition by campus_id order by dbt_valid_from) > 1
                then dbt_valid_from
        end as valid_from,
        lead(dbt_valid_from) over (partition by campus_id order by dbt_valid_from) as valid_to

    from campus_history

),

-- A version of a student, cut where the campus changed meanwhile. Of the bounds that are not NULL,
-- the later beginning and the earlier end.
cut as (

    select
        student_keys.student_key,
        greatest(student_history.dbt_valid_from, campus_versions.valid_from) as valid_from,
        least(student_history.dbt_valid_to, campus_versions.valid_to) as valid_to,
        struct(
            student_history.gender,
            year(student_history.date_of_birth) as birth_year,
            student_history.campus_id,
            campus_versions.campus_name,
            {{ student_region('student_history.home_region', 'campus_versions.region') }} as region,
            {{ student_region_source('student_history.home_region') }} as region_source,
            student_history.origin_institution,
            student_history.promotion,
            student_history.join_date,
            student_history.left_date,
            -- Versions of before the history kept the status have it by their first day.
            coalesce(
                student_history.status,
                {{
                    student_status(
                        'student_history.join_date',
                        'student_history.left_date',
                        'student_history.leave_reason',
                        local_day('student_history.dbt_valid_from')
                    )
                }}
            ) as status,
            student_history.average_grade,
            student_history.grade_count
        ) as facts

    from student_history

    left join student_keys on student_history.student_id = student_keys.student_id

    left join campus_versions
        on
            student_history.campus_id = campus_versions.campus_id
            and coalesce(student_history.dbt_valid_to > campus_versions.valid_from, true)
            and coalesce(student_history.dbt_valid_from < campus_versions.valid_to, true)

),

-- A new e-mail address or a larger campus is a version of theirs, and none here.
compared as (

    select
        *,
        facts <=> lag(facts) over (partition by student_key order by valid_from)
        and valid_from <=> lag(valid_to) over (partition by student_key order by valid_from)
            as goes_on

    from cut

),

numbered as (

    select
        *,
        count_if(not goes_on) over (partition by student_key order by valid_from) as version_number

    from compared

),

versions as (

    select
        student_key,
        version_number,
        facts,
        min(valid_from) as valid_from,
        max_by(valid_to, valid_from) as valid_to

    from numbered

    group by student_key, version_number, facts

)

select
    versions.student_key,
    versions.version_number,
    versions.valid_from,
    versions.valid_to,
    case
        when
            versions.valid_to = lead(versions.valid_from) over (
                partition by versions.student_key order by versions.version_number
            )
            then 'change'
        when versions.valid_to is not null then 'deletion'
    end as ended_by,
    bool_or(versions.valid_to is null) over (partition by versions.student_key) as is_in_erp,
    versions.facts.gender,
    versions.facts.birth_year,
    versions.facts.campus_id,
    versions.facts.campus_name,
    versions.facts.region,
    versions.facts.region_source,
    versions.facts.origin_institution,
    versions.facts.promotion,
    versions.facts.join_date,
    versions.facts.left_date,
    versions.facts.status,
    versions.facts.average_grade,
    versions.facts.grade_count

from versions

-- The order of the ERP's student ids would tell which key is whose.
order by versions.student_key, versions.version_number
