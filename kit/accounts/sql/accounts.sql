-- name: upsert_staff
insert into {schema}.staff (id, username, name, role, password_hash, created_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (username) do update set name = excluded.name, role = excluded.role, password_hash = excluded.password_hash
returning id;

-- name: select_staff_by_username
select id, username, name, role, password_hash from {schema}.staff where username = $1 and disabled_at is null;

-- name: select_people
select id, username, name, role from {schema}.staff where id = any($1::uuid[]) or username = any($2::text[]);

-- name: select_accounts
select id, username, name, role, disabled_at from {schema}.staff order by username;

-- name: disable_staff
update {schema}.staff set disabled_at = coalesce(disabled_at, $2) where username = $1 returning id;

-- name: enable_staff
update {schema}.staff set disabled_at = null where username = $1;

-- name: delete_sessions_of
delete from {schema}.staff_session where staff_id = $1;

-- name: insert_session
insert into {schema}.staff_session (token_digest, staff_id, created_at, expires_at) values ($1, $2, $3, $4);

-- name: select_session
select s.id, s.username, s.name, s.role
from {schema}.staff_session t
join {schema}.staff s on s.id = t.staff_id and s.disabled_at is null
where t.token_digest = $1 and t.expires_at > $2;

-- name: delete_session
delete from {schema}.staff_session where token_digest = $1;

-- name: insert_audit
insert into {schema}.audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5);

-- name: select_audit
select id, at, actor, action, subject, detail from {schema}.audit
where $1::text is null or subject = $1
order by id desc limit $2;
