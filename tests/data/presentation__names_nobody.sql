/*
What it checks: no mart that is published for everyone has a column that tells who somebody is: one
declared `meta.personal_data.identifying`, or one that bears the name of such a column anywhere in
the project (student_id, last_name, email …).
When it matters: the presentation database is pseudonymous, and that is what analysts may read.
How to resolve: take the column out of the mart, or publish the mart in the identity database
(`meta.published_as: identity`). That every column of a mart is declared at all is what its enforced
contract sees to.
*/
{% set columns = published_identifying_columns() %}

{% for column in columns %}
select
    '{{ column.mart }}' as mart_name,
    '{{ column.name }}' as mart_column

union all
{% endfor %}

select
    'no mart' as mart_name,
    'no column' as mart_column

where false
