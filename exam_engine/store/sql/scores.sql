-- name: lock_chain
select chain_head from exam.session where id = $1 for no key update;

-- name: update_chain
update exam.session set chain_head = $2 where id = $1;

-- name: insert_score
insert into exam.score (attempt_id, version, event_id, session_id, record, record_hash, log_hash, jws, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: insert_outbox
insert into exam.outbox (event_id, created_at, next_at) values ($1, $2, $2);

-- name: select_score
select attempt_id, version, event_id, record, record_hash, log_hash, jws, created_at
from exam.score where attempt_id = $1 order by version desc limit 1;

-- name: select_score_versions
select attempt_id, version, event_id, record, record_hash, log_hash, jws, created_at
from exam.score where attempt_id = $1 order by version;

-- name: select_session_scores
select distinct on (attempt_id) attempt_id, version, event_id, record, record_hash, log_hash, jws, created_at
from exam.score where session_id = $1 order by attempt_id, version desc;

-- name: select_attempt_of_record
select attempt_id from exam.score where record_hash = $1;

-- name: take_outbox
select o.id, o.event_id, o.tries, s.record, s.jws, s.created_at
from exam.outbox o
join exam.score s on s.event_id = o.event_id
where o.sent_at is null and o.next_at <= $1
order by o.id limit $2 for update of o skip locked;

-- name: mark_sent
update exam.outbox set sent_at = $2, tries = tries + 1, last_error = null where id = $1;

-- name: postpone
update exam.outbox set next_at = $2, tries = tries + 1, last_error = $3 where id = $1;

-- name: count_outbox
select count(*) filter (where sent_at is null) as waiting, count(*) filter (where sent_at is not null) as sent
from exam.outbox;
