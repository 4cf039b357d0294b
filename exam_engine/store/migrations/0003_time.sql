-- seconds after the deadline in which operations made before it are still taken; fixed at the start from the rule pack
alter table exam.attempt add column grace_s integer not null default 0 check (grace_s between 0 and 600);

-- what needs two people: ending somebody's attempt, giving time to many. Asking changes nothing.
create table exam.proposal (
    id uuid primary key,
    session_id uuid not null references exam.session (id),
    kind text not null check (kind in ('terminate', 'credit')),
    attempt_ids uuid[] not null check (cardinality(attempt_ids) > 0),
    seconds integer check (seconds > 0),
    reason text not null check (reason <> ''),
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'applied', 'declined', 'lapsed')),
    decided_by text,
    decided_at timestamptz,
    outcome jsonb,
    check ((kind = 'credit') = (seconds is not null)),
    check ((state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by is null))
);
create index proposal_session on exam.proposal (session_id, asked_at);
create unique index proposal_one_termination on exam.proposal ((attempt_ids[1]))
    where kind = 'terminate' and state = 'open';

create table exam.approval (
    proposal_id uuid not null references exam.proposal (id),
    actor text not null,
    lead boolean not null,
    approved_at timestamptz not null,
    primary key (proposal_id, actor)
);
create trigger approval_append_only before update or delete on exam.approval
    for each row execute function exam.refuse_change();
