-- Two roles of one database, each owning only its own schemas: neither product can read the other's tables.
select format('create role %I login', wanted)
from unnest(array['ombilin_exam', 'ombilin_recruitment']) as wanted
where not exists (select from pg_roles where rolname = wanted)
\gexec
revoke all on schema public from public;
revoke all on database ombilin from public;
grant connect, create, temporary on database ombilin to ombilin_exam, ombilin_recruitment;
