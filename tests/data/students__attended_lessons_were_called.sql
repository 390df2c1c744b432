/*
What it checks: nobody attended more lessons than were called, and a rate is there exactly when a
lesson was called.
When it matters: a rate above 1, or one over nothing, means that the two counts come from different
sets of lessons.
How to resolve: both counts must come from int_attendance_roster, see the attendance step of
models/marts/academics/students.sql.
*/
select
    student_key,
    lessons_called,
    lessons_attended,
    attendance_rate

from {{ ref('students') }}

where
    lessons_attended > lessons_called
    or (attendance_rate is null) <> (lessons_called = 0)
