create table {schema}.staff (
    id uuid primary key,
    username text not null unique check (username = lower(username)),
    name text not null,
    role text not null,
    password_hash text not null,
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table {schema}.staff_session (
    token_digest bytea primary key,
    staff_id uuid not null references {schema}.staff (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index staff_session_staff on {schema}.staff_session (staff_id);

create table {schema}.audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);
create index audit_subject on {schema}.audit (subject, id);

create function {schema}.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;
create trigger audit_append_only before update or delete on {schema}.audit
    for each row execute function {schema}.refuse_change();
