-- The school's ERP: 11 tables. `psql -f schema.sql` on an empty database makes them all.
-- The loader runs the file in its three sections (tables, keys, foreign keys) and COPYs after
-- the first: building an index or validating a key once is far cheaper than doing it per row.
-- Names are unqualified on purpose: the tables go where search_path says.

-- tables

create table campuses (
    id integer not null,
    name text not null,
    city text not null,
    region text not null,
    postal_code text not null,
    opened_on date not null,
    capacity integer not null check (capacity > 0)
);
comment on table campuses is 'One row per campus: where it is and how many students it can hold.';

create table students (
    id integer not null,
    first_name text not null,
    last_name text not null,
    email text not null,
    personal_email text not null,
    gender text not null check (gender in ('M.', 'Mme')),
    date_of_birth date not null,
    join_date date not null,
    left_date date check (left_date >= join_date),
    campus_id integer not null,
    promotion text not null check (promotion in ('BSC', 'MSC1', 'MSC2')),
    home_region text,
    origin_institution text,
    leave_reason text check (leave_reason is null or left_date is not null),
    next_school text check (next_school is null or left_date is not null),
    check (date_of_birth < join_date)
);
comment on table students is
'One row per student, past or present. left_date is the last day enrolled, empty while enrolled.';

create table professors (
    id integer not null,
    first_name text not null,
    last_name text not null,
    email text not null,
    campus_id integer not null,
    hired_on date not null
);
comment on table professors is 'One row per professor, with the campus where he or she teaches.';

create table subjects (
    id text not null,
    name text not null,
    level text not null check (level in ('BSC', 'MSC1', 'MSC2'))
);
comment on table subjects is 'One row per subject taught, with the promotion that takes it.';

create table lessons (
    id bigint not null,
    subject_id text not null,
    campus_id integer not null,
    professor_id integer not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    check (ends_at > starts_at)
);
comment on table lessons is
'One row per lesson held: one subject, at one campus, for the promotion of that subject.';

create table attendances (
    id bigint not null,
    lesson_id bigint not null,
    student_id integer not null,
    status text not null check (status in ('present', 'late', 'absent', 'excused'))
);
comment on table attendances is
'The roll: one row per lesson and student called. A lesson whose roll was not called has none.';

create table grades (
    id bigint not null,
    student_id integer not null,
    subject text not null,
    date date not null,
    grade numeric(5, 2) not null check (grade between 0 and 100)
);
comment on table grades is 'One row per grade given to a student in a subject, out of 100.';

create table companies (
    id integer not null,
    name text not null,
    sector text not null,
    city text not null,
    region text not null
);
comment on table companies is 'One row per company known to the school as an employer.';

create table apprenticeships (
    id bigint not null,
    student_id integer not null,
    company_id integer not null,
    contract_type text not null check (
        contract_type in (
            'apprenticeship', 'professionalisation', 'internship', 'permanent', 'fixed_term'
        )
    ),
    start_date date not null,
    end_date date check (end_date >= start_date)
);
comment on table apprenticeships is
'One row per contract of a student or former student with a company. end_date may be planned.';

create table events (
    id integer not null,
    name text not null,
    type text not null check (type in ('open_day', 'fair')),
    campus_id integer not null,
    city text not null,
    region text not null,
    date date not null
);
comment on table events is 'One row per recruitment event of a campus: open days and fairs.';

create table audiences (
    id bigint not null,
    event_id integer not null,
    first_name text not null,
    last_name text not null,
    email text not null,
    phone text,
    collected_at timestamptz not null
);
comment on table audiences is
'One row per contact left at an event by a possible future student, as typed in.';

-- keys

alter table campuses add primary key (id);
alter table students add primary key (id);
alter table professors add primary key (id);
alter table subjects add primary key (id);
alter table lessons add primary key (id);
alter table attendances add primary key (id);
alter table grades add primary key (id);
alter table companies add primary key (id);
alter table apprenticeships add primary key (id);
alter table events add primary key (id);
alter table audiences add primary key (id);
alter table attendances add constraint attendances_called_once unique (lesson_id, student_id);

-- What one student's file needs: without them each costs a scan of millions of rows.
create index attendances_student_id on attendances (student_id);
create index grades_student_id on grades (student_id);
create index apprenticeships_student_id on apprenticeships (student_id);

-- foreign keys

alter table students add foreign key (campus_id) references campuses;
alter table professors add foreign key (campus_id) references campuses;
alter table lessons add foreign key (subject_id) references subjects;
alter table lessons add foreign key (campus_id) references campuses;
alter table lessons add foreign key (professor_id) references professors;
alter table attendances add foreign key (lesson_id) references lessons;
alter table attendances add foreign key (student_id) references students;
alter table grades add foreign key (student_id) references students;
alter table grades add foreign key (subject) references subjects;
alter table apprenticeships add foreign key (student_id) references students;
alter table apprenticeships add foreign key (company_id) references companies;
alter table events add foreign key (campus_id) references campuses;
alter table audiences add foreign key (event_id) references events;
