-- name: upsert_exam
insert into exam.exam (id, code, title, instructions, blueprint, rule_pack, minutes, board, proctoring, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (code) do nothing;

-- name: upsert_session
insert into exam.session (id, exam_id, code, opens_at, closes_at, starts_at) values ($1, $2, $3, $4, $5, $6)
on conflict (code) do update
    set opens_at = excluded.opens_at, closes_at = excluded.closes_at, starts_at = excluded.starts_at;

-- name: insert_participants
insert into exam.participant (id, session_id, number, name, pin_digest, track, vacancy, extra_minutes)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::int[])
on conflict do nothing;

-- name: update_extra_minutes
update exam.participant set extra_minutes = $2 where id = $1;

-- name: select_exam_by_code
select id, code, title, instructions, blueprint, rule_pack, minutes, board, proctoring from exam.exam where code = $1;

-- name: select_exam
select id, code, title, instructions, blueprint, rule_pack, minutes, board, proctoring from exam.exam where id = $1;

-- name: select_session
select id, exam_id, code, opens_at, closes_at, starts_at from exam.session where id = $1;

-- name: select_session_by_code
select id, exam_id, code, opens_at, closes_at, starts_at from exam.session where code = $1;

-- name: select_sessions
select s.id, s.exam_id, s.code, s.opens_at, s.closes_at, e.title, e.board,
       (select count(*) from exam.participant p where p.session_id = s.id) as registered,
       (select count(*) from exam.attempt a where a.session_id = s.id and a.status = 'active') as active,
       (select count(*) from exam.attempt a where a.session_id = s.id and a.ended_at is not null) as ended
from exam.session s
join exam.exam e on e.id = s.exam_id
order by s.opens_at desc;

-- name: select_participant
select id, session_id, number, name, pin_digest, track, vacancy, extra_minutes from exam.participant where id = $1;

-- name: select_open_participant
select p.id, p.session_id, p.number, p.name, p.pin_digest, p.track, p.vacancy, p.extra_minutes
from exam.participant p
join exam.session s on s.id = p.session_id
where p.number_key = $1 and s.opens_at <= $2 and s.closes_at > $2
order by s.opens_at
limit 1;
