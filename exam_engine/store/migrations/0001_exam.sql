create table exam.exam (
    id uuid primary key,
    code text not null unique,
    title jsonb not null,
    instructions jsonb not null,
    blueprint text not null,
    rule_pack text not null,
    minutes integer not null check (minutes > 0),
    board boolean not null default false,
    proctoring jsonb not null default '{}',
    created_at timestamptz not null
);

create table exam.session (
    id uuid primary key,
    exam_id uuid not null references exam.exam (id),
    code text not null unique,
    opens_at timestamptz not null,
    closes_at timestamptz not null check (closes_at > opens_at),
    chain_head text not null default repeat('0', 64)
);

create table exam.participant (
    id uuid primary key,
    session_id uuid not null references exam.session (id),
    number text not null,
    name text not null,
    pin_digest bytea not null,
    track text not null,
    vacancy text not null,
    extra_minutes integer not null default 0 check (extra_minutes >= 0),
    unique (session_id, number)
);
create index participant_number on exam.participant (number);

-- one narrow row per sitting, updated at every save: room on the page keeps the updates heap-only
create table exam.attempt (
    id uuid primary key,
    participant_id uuid not null references exam.participant (id),
    session_id uuid not null references exam.session (id),
    ordinal integer not null default 1,
    status text not null check (status in ('preparing', 'active', 'paused', 'submitted', 'expired', 'terminated')),
    seed bigint not null,
    seat_id uuid not null,
    created_at timestamptz not null,
    photo_at timestamptz,
    checked_at timestamptz,
    started_at timestamptz,
    deadline_at timestamptz,
    paused_at timestamptz,
    ended_at timestamptz,
    last_seq bigint not null default 0,
    form_hash text,
    unique (participant_id, ordinal),
    check ((status = 'preparing') = (started_at is null)),
    check ((status = 'paused') = (paused_at is not null)),
    check ((status in ('submitted', 'expired', 'terminated')) = (ended_at is not null)),
    check (started_at is null or (deadline_at is not null and form_hash is not null))
) with (fillfactor = 60);
create index attempt_session on exam.attempt (session_id);
create index attempt_running on exam.attempt (session_id) where status = 'active';

create table exam.event (
    attempt_id uuid not null references exam.attempt (id),
    seq bigint not null,
    kind text not null check (kind in ('items_appended', 'started', 'responded', 'flagged', 'paused', 'resumed',
                                       'credited', 'taken_over', 'submitted', 'expired', 'terminated')),
    server_at timestamptz not null,
    payload jsonb,
    item_version_id uuid,
    revision bigint,
    client_id uuid,
    client_seq bigint,
    client_at timestamptz,
    primary key (attempt_id, seq),
    unique (attempt_id, client_id, client_seq),
    check ((kind in ('responded', 'flagged')) = (item_version_id is not null and revision is not null
                                                 and client_id is not null and client_seq is not null))
);

create function exam.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;
create trigger event_append_only before update or delete on exam.event
    for each row execute function exam.refuse_change();

-- projections of the log, for live views; the score is folded from the log itself
create table exam.response (
    attempt_id uuid not null references exam.attempt (id),
    item_version_id uuid not null,
    revision bigint not null,
    value jsonb,
    answered_at timestamptz not null,
    primary key (attempt_id, item_version_id)
) with (fillfactor = 80);

create table exam.flag (
    attempt_id uuid not null references exam.attempt (id),
    item_version_id uuid not null,
    revision bigint not null,
    flagged boolean not null,
    primary key (attempt_id, item_version_id)
);

create table exam.score (
    attempt_id uuid not null references exam.attempt (id),
    version integer not null,
    event_id uuid not null unique,
    session_id uuid not null references exam.session (id),
    record jsonb not null,
    record_hash text not null,
    log_hash text not null,
    jws text not null,
    created_at timestamptz not null,
    primary key (attempt_id, version)
);
create trigger score_append_only before update or delete on exam.score
    for each row execute function exam.refuse_change();

create table exam.outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null unique references exam.score (event_id),
    created_at timestamptz not null,
    next_at timestamptz not null,
    tries integer not null default 0,
    sent_at timestamptz,
    last_error text
);
create index outbox_waiting on exam.outbox (next_at) where sent_at is null;
