/*
What it checks: the grades and lessons of a student's subjects add up to those of the student.
When it matters: a grade or a lesson lost on the way to the subjects, or counted twice, changes
averages and rates that still look plausible.
How to resolve: compare the student's rows with `students`. Too few: the full join of
models/marts/academics/student_subject_results.sql drops rows; too many: one of its joins is not
unique on its key.
*/
with

by_student as (

    select
        student_key,
        sum(grade_count) as grade_count,
        sum(lessons_called) as lessons_called,
        sum(lessons_attended) as lessons_attended

    from {{ ref('student_subject_results') }}

    group by student_key

)

select
    coalesce(students.student_key, by_student.student_key) as student_key,
    students.grade_count,
    by_student.grade_count as grade_count_of_subjects,
    students.lessons_called,
    by_student.lessons_called as lessons_called_of_subjects

from {{ ref('students') }} as students

full outer join by_student on students.student_key = by_student.student_key

where
    students.student_key is null
    or students.grade_count <> coalesce(by_student.grade_count, 0)
    or students.lessons_called <> coalesce(by_student.lessons_called, 0)
    or students.lessons_attended <> coalesce(by_student.lessons_attended, 0)
