-- what the rules remember of an attempt; the row lock is what lets several workers share the work
create table proctor.watch (
    attempt_id uuid primary key,
    session_id uuid not null,
    settings jsonb not null default '{}',
    state jsonb not null default '{}',
    silence_judged boolean not null default false,
    frame_at timestamptz,
    due_at timestamptz,
    created_at timestamptz not null
) with (fillfactor = 70);
create index watch_due on proctor.watch (due_at) where due_at is not null;
create index watch_judged on proctor.watch (frame_at) where silence_judged;

-- the queue and the live picture in one: the newest frame of a candidate replaces an unread older one.
-- UNLOGGED: a crash of the server empties it, and the browsers fill it again within seconds
create unlogged table proctor.live_frame (
    attempt_id uuid primary key,
    session_id uuid not null,
    at timestamptz not null,
    captured_at timestamptz,
    jpeg bytea not null,
    claimed_at timestamptz,
    measured boolean not null default false
) with (fillfactor = 70);
alter table proctor.live_frame alter column jpeg set storage external;
create index live_frame_waiting on proctor.live_frame (at) where not measured;

create table proctor.media (
    id uuid primary key,
    attempt_id uuid not null,
    kind text not null check (kind in ('identity', 'evidence')),
    at timestamptz not null,
    sha256 text not null check (length(sha256) = 64),
    jpeg bytea not null
);
alter table proctor.media alter column jpeg set storage external;
create index media_attempt on proctor.media (attempt_id, kind, at);

create table proctor.measurement (
    attempt_id uuid not null,
    at timestamptz not null,
    captured_at timestamptz,
    reading text not null,
    faces jsonb not null,
    brightness real not null,
    contrast real not null,
    sharpness real not null,
    face_share real not null,
    dhash bigint not null,
    width smallint not null,
    height smallint not null,
    primary key (attempt_id, at)
);

create table proctor.signal (
    id bigint generated always as identity primary key,
    attempt_id uuid not null,
    session_id uuid not null,
    kind text not null,
    at timestamptz not null,
    received_at timestamptz not null,
    detail jsonb not null,
    applied boolean not null default false
);
create index signal_attempt on proctor.signal (attempt_id, at);
create index signal_waiting on proctor.signal (attempt_id, id) where not applied;

create table proctor.incident (
    id uuid primary key default gen_random_uuid(),
    attempt_id uuid not null,
    session_id uuid not null,
    kind text not null check (kind in ('ABSENT', 'FACE_HIDDEN', 'MULTIPLE', 'MISMATCH', 'BLIND', 'FROZEN',
                                       'UNVERIFIABLE', 'SIGNAL')),
    topic text not null default '',
    severity text not null check (severity in ('info', 'low', 'medium', 'high')),
    opened_at timestamptz not null,
    last_at timestamptz not null,
    closed_at timestamptz,
    facts jsonb not null,
    evidence uuid[] not null default '{}',
    review text not null default 'new' check (review in ('new', 'upheld', 'dismissed')),
    review_note text not null default '',
    reviewed_by text,
    reviewed_at timestamptz,
    check ((review = 'new') = (reviewed_by is null and reviewed_at is null))
);
create unique index incident_one_open on proctor.incident (attempt_id, kind, topic) where closed_at is null;
create index incident_session on proctor.incident (session_id, opened_at);
create index incident_attempt on proctor.incident (attempt_id, opened_at);

create table proctor.message (
    id uuid primary key default gen_random_uuid(),
    attempt_id uuid not null,
    at timestamptz not null,
    author text not null,
    text text not null check (length(text) between 1 and 2000)
);
create index message_attempt on proctor.message (attempt_id, at);

-- what people and the browser's check did, for the timeline
create table proctor.action (
    id bigint generated always as identity primary key,
    attempt_id uuid not null,
    at timestamptz not null,
    kind text not null,
    actor text not null,
    detail jsonb not null
);
create index action_attempt on proctor.action (attempt_id, at);
