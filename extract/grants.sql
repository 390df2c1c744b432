-- What an extract needs of the ERP, and no more. As the owner of the tables:
--     psql -v role=campuslake_extract -v schema=public -f extract/grants.sql
-- The role must exist: create role campuslake_extract login password '…' connection limit 20;
grant usage on schema :"schema" to :"role";
grant select on all tables in schema :"schema" to :"role";
alter default privileges in schema :"schema" grant select on tables to :"role";
-- The role can change nothing, even by mistake.
alter role :"role" set default_transaction_read_only = on;
