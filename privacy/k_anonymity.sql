-- How many students share each combination of what an outsider may know of somebody, by the size of
-- the group: of `group_size` students that look alike there are `groups`, together `students`.
with alike as (
    select
        region,
        campus_id,
        promotion,
        birth_year,
        origin_institution,
        count(*) as group_size
    from {database}.students
    group by region, campus_id, promotion, birth_year, origin_institution
)
select
    group_size,
    count(*) as groups,
    sum(group_size) as students
from alike
group by group_size
order by group_size
