-- The admin module's own tables. Staff, sessions, audit and the function that refuses changes come from kit.accounts.

create table {schema}.vacancy (
    id uuid primary key,
    code text not null unique,          -- what a score record calls vacancy_id
    title jsonb not null,               -- texts by language: {"id": ..., "en": ...}
    unit jsonb not null,
    qualification jsonb not null,
    formasi int not null check (formasi > 0),
    tracks text[] not null check (cardinality(tracks) > 0),
    rule_pack text not null,
    exam_code text,                     -- whose scores count; null: those of any exam
    schedule jsonb not null default '[]',
    assessments jsonb not null default '[]',
    announced_at timestamptz
);

create table {schema}.applicant (
    participant_id uuid primary key,    -- pseudonymous: the only name that the examination system sends
    number text not null unique,
    name text not null,
    nik_last4 text check (nik_last4 ~ '^[0-9]{4}$'),
    birth_date date,
    gpa numeric(5, 2) check (gpa >= 0)
);

create table {schema}.application (
    participant_id uuid not null references {schema}.applicant (participant_id),
    vacancy_id uuid not null references {schema}.vacancy (id),
    track text not null,
    submitted_at timestamptz not null,
    primary key (participant_id, vacancy_id)
);
create index application_vacancy on {schema}.application (vacancy_id);

-- Every authentic delivery, once, for ever, with the bytes as they came and the verdict that they got.
create table {schema}.inbox (
    source text not null,
    event_id text not null,
    seq bigint generated always as identity unique,
    sha256 text not null,
    raw bytea not null,
    verdict text not null check (verdict in ('applied', 'stale', 'inconsistent')),
    problems text[] not null default '{}',
    received_at timestamptz not null,
    primary key (source, event_id)
);

-- Authentic deliveries that must not be believed: other bytes under a known id, or no record at all.
create table {schema}.quarantine (
    source text not null,
    event_id text not null,
    sha256 text not null,
    raw bytea not null,
    reason text not null check (reason in ('mismatch', 'malformed')),
    received_at timestamptz not null,
    primary key (source, event_id, sha256)
);

create table {schema}.score (
    participant_id uuid not null,
    exam_id text not null,
    attempt int not null check (attempt > 0),
    score_version int not null check (score_version > 0),
    session_id text not null,
    vacancy_code text not null,
    record jsonb not null,
    record_hash text not null,
    jws text not null,
    source text not null,
    event_id text not null,
    received_at timestamptz not null,
    primary key (participant_id, exam_id, attempt, score_version),
    unique (source, event_id),
    foreign key (source, event_id) references {schema}.inbox (source, event_id)
);
create index score_session on {schema}.score (exam_id, session_id);

create trigger inbox_append_only before update or delete on {schema}.inbox
    for each row execute function {schema}.refuse_change();
create trigger quarantine_append_only before update or delete on {schema}.quarantine
    for each row execute function {schema}.refuse_change();
create trigger score_append_only before update or delete on {schema}.score
    for each row execute function {schema}.refuse_change();
