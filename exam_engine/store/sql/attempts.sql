-- name: insert_attempt
insert into exam.attempt (id, participant_id, session_id, status, seed, seat_id, created_at)
values ($1, $2, $3, 'preparing', $4, $5, $6)
on conflict (participant_id, ordinal) do nothing;

-- name: select_attempt
select id, participant_id, session_id, ordinal, status, seed, seat_id, created_at, photo_at, checked_at, started_at,
       deadline_at, paused_at, ended_at, last_seq, form_hash, grace_s
from exam.attempt where id = $1;

-- name: lock_attempt
select id, participant_id, session_id, ordinal, status, seed, seat_id, created_at, photo_at, checked_at, started_at,
       deadline_at, paused_at, ended_at, last_seq, form_hash, grace_s, clock_timestamp() as locked_at
from exam.attempt where id = $1 for no key update;

-- name: lock_starting
with locked as materialized (
    select id, participant_id, session_id, ordinal, status, seed, seat_id, created_at, photo_at, checked_at, started_at,
           deadline_at, paused_at, ended_at, last_seq, form_hash, grace_s
    from exam.attempt where id = any($1::uuid[]) order by id for no key update
)
select l.*, p.id, p.session_id, p.number, p.name, p.pin_digest, p.track, p.vacancy, p.extra_minutes, s.exam_id,
       s.starts_at, clock_timestamp()
from locked l
join exam.participant p on p.id = l.participant_id
join exam.session s on s.id = l.session_id;

-- name: begin_attempts
with begun as materialized (
    select b.*, a.last_seq + 1 as form_seq, a.last_seq + case when b.form is null then 1 else 2 end as seq,
           case when b.form is null then a.head
                else exam.event_link(a.head, a.id, a.last_seq + 1, 'items_appended', b.at, b.form, null, null, null,
                                     null, null)
           end as form_head
    from unnest($1::uuid[], $2::jsonb[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::text[])
        as b (attempt_id, form, terms, at, deadline_at, grace_s, form_hash)
    join exam.attempt a on a.id = b.attempt_id
), linked as materialized (
    select begun.*, exam.event_link(form_head, attempt_id, seq, 'started', at, terms, null, null, null, null, null)
           as head
    from begun
), drawn as (
    insert into exam.event (attempt_id, seq, kind, server_at, payload, hash)
    select attempt_id, form_seq, 'items_appended', at, form, form_head from linked where form is not null
), started as (
    insert into exam.event (attempt_id, seq, kind, server_at, payload, hash)
    select attempt_id, seq, 'started', at, terms, head from linked
)
update exam.attempt a
set status = 'active', started_at = l.at, deadline_at = l.deadline_at, grace_s = l.grace_s, form_hash = l.form_hash,
    last_seq = l.seq, head = l.head
from linked l
where a.id = l.attempt_id;

-- name: lock_participant_attempt
select id, participant_id, session_id, ordinal, status, seed, seat_id, created_at, photo_at, checked_at, started_at,
       deadline_at, paused_at, ended_at, last_seq, form_hash, grace_s
from exam.attempt where participant_id = $1 order by ordinal desc limit 1 for no key update;

-- name: lock_overdue
select id from exam.attempt
where status = 'active' and deadline_at < clock_timestamp()
  and deadline_at + make_interval(secs => grace_s) < clock_timestamp() and id <> all($1::uuid[])
order by deadline_at limit 1 for no key update skip locked;

-- name: update_attempt
update exam.attempt
set status = $2, seat_id = $3, photo_at = $4, checked_at = $5, started_at = $6, deadline_at = $7, paused_at = $8,
    ended_at = $9, last_seq = $10, form_hash = $11, grace_s = $12
where id = $1;

-- name: read_clock
select clock_timestamp();

-- name: insert_event
with linked as (
    update exam.attempt
    set last_seq = last_seq + 1,
        head = exam.event_link(head, id, last_seq + 1, $2, $3, $4, null, null, null, null, null)
    where id = $1
    returning id, last_seq, head
)
insert into exam.event (attempt_id, seq, kind, server_at, payload, hash)
select id, last_seq, $2, $3, $4, head from linked
returning seq;

-- name: select_events
select seq, kind, server_at, payload, item_version_id, revision, client_id, client_seq, client_at, hash
from exam.event where attempt_id = $1 order by seq;

-- name: select_head
select head from exam.attempt where id = $1;

-- name: select_seq_of_head
select seq from exam.event where attempt_id = $1 and hash = $2;

-- name: select_clock_events
select seq, kind, server_at, payload from exam.event where attempt_id = $1 and kind = any($2::text[]) order by seq;

-- name: select_response_events
select attempt_id, seq, kind, server_at, payload, item_version_id, revision
from exam.event where attempt_id = any($1::uuid[]) and kind = 'responded' order by attempt_id, seq;

-- name: select_sequence_events
select attempt_id, payload from exam.event where attempt_id = any($1::uuid[]) and kind = 'items_appended' order by seq;

-- name: select_session_progress
select a.id, a.status, a.started_at, a.deadline_at, a.paused_at, a.ended_at, a.last_seq, a.photo_at, p.number, p.name,
       p.track, p.vacancy
from exam.attempt a
join exam.participant p on p.id = a.participant_id
where a.session_id = $1
order by p.number;

-- name: select_progress
select a.id, a.status, a.started_at, a.deadline_at, a.paused_at, a.ended_at, a.last_seq, a.photo_at, p.number, p.name,
       p.track, p.vacancy
from exam.attempt a
join exam.participant p on p.id = a.participant_id
where a.id = $1;

-- name: select_responses
select attempt_id, item_version_id, value from exam.response where attempt_id = any($1::uuid[]);

-- name: count_answered
select attempt_id, count(*) as answered from exam.response
where attempt_id = any($1::uuid[]) and value <> '{"base": null}'::jsonb
group by attempt_id;
