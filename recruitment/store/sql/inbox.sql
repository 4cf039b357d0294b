-- name: lock_delivery
select pg_advisory_xact_lock(hashtextextended('recruitment:' || $1 || ':' || $2, 0));

-- name: select_delivery
select sha256, verdict from recruitment.inbox where source = $1 and event_id = $2;

-- name: insert_delivery
insert into recruitment.inbox (source, event_id, sha256, raw, verdict, problems, received_at)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: insert_quarantine
insert into recruitment.quarantine (source, event_id, sha256, raw, reason, received_at)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing
returning true;

-- name: select_latest_version
select max(score_version) from recruitment.score where participant_id = $1 and exam_id = $2 and attempt = $3;

-- name: insert_score
insert into recruitment.score (participant_id, exam_id, attempt, score_version, session_id, vacancy_code, record,
                               record_hash, jws, source, event_id, received_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: select_deliveries
select i.source, i.event_id, i.sha256, i.verdict, i.problems, i.received_at, i.raw, a.number, s.session_id,
       s.score_version
from recruitment.inbox i
left join recruitment.score s on s.source = i.source and s.event_id = i.event_id
left join recruitment.applicant a on a.participant_id = s.participant_id
order by i.seq desc
limit $1 offset $2;

-- name: count_deliveries
select count(*) from recruitment.inbox;

-- name: select_quarantine
select source, event_id, sha256, reason, received_at from recruitment.quarantine order by received_at desc limit $1;

-- name: select_session_records
select s.exam_id, s.session_id, s.score_version, s.record ->> 'status' as status, s.record_hash,
       s.record ->> 'prev_hash' as prev_hash,
       exists (
           select 1 from recruitment.application p
           join recruitment.vacancy v on v.id = p.vacancy_id and v.code = s.vacancy_code
           where p.participant_id = s.participant_id
       ) as matched,
       not exists (
           select 1 from recruitment.score later
           where later.participant_id = s.participant_id and later.exam_id = s.exam_id
             and (later.attempt, later.score_version) > (s.attempt, s.score_version)
       ) as current
from recruitment.score s
order by s.exam_id, s.session_id, s.record_hash;
