-- name: lock_watch
select attempt_id, session_id, settings, state from proctor.watch where attempt_id = $1 for no key update;

-- name: insert_watch
insert into proctor.watch (attempt_id, session_id, created_at) values ($1, $2, $3)
on conflict (attempt_id) do nothing;

-- name: update_settings
update proctor.watch set settings = $2 where attempt_id = $1;

-- name: update_watch
update proctor.watch
set state = $2, due_at = $3, frame_at = greatest(frame_at, $4), silence_judged = $5
where attempt_id = $1;

-- name: select_due
select attempt_id, session_id from proctor.watch where due_at <= $1 order by due_at limit $2;

-- name: count_quiet
select count(*) as judged, count(*) filter (where coalesce(frame_at, created_at) < $1) as quiet
from proctor.watch where silence_judged;

-- name: insert_measurement
insert into proctor.measurement (attempt_id, at, captured_at, reading, faces, brightness, contrast, sharpness,
                                 face_share, dhash, width, height)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (attempt_id, at) do nothing;

-- name: insert_signal
insert into proctor.signal (attempt_id, session_id, kind, at, received_at, detail) values ($1, $2, $3, $4, $5, $6);

-- name: select_signal_attempts
select distinct on (attempt_id) attempt_id, session_id from proctor.signal
where not applied order by attempt_id, id limit $1;

-- name: take_signals
with waiting as (
    select id from proctor.signal where attempt_id = $1 and not applied order by id limit $2
)
update proctor.signal s set applied = true from waiting w where s.id = w.id
returning s.id, s.kind, s.at, s.detail;

-- name: select_signals
select kind, at, detail from proctor.signal where attempt_id = $1 order by at, id limit $2;

-- name: insert_incident
insert into proctor.incident (attempt_id, session_id, kind, topic, severity, opened_at, last_at, facts, evidence)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning id;

-- name: extend_incident
update proctor.incident
set severity = $4, last_at = $5, facts = $6, evidence = evidence || $7::uuid[]
where attempt_id = $1 and kind = $2 and topic = $3 and closed_at is null
returning id;

-- name: close_incident
update proctor.incident set closed_at = $4
where attempt_id = $1 and kind = $2 and topic = $3 and closed_at is null
returning id;

-- name: close_incidents
update proctor.incident set closed_at = $2 where attempt_id = $1 and closed_at is null;

-- name: select_incident
select id, attempt_id, session_id, kind, topic, severity, opened_at, closed_at, facts, evidence, review, review_note,
       reviewed_by, reviewed_at
from proctor.incident where id = $1;

-- name: lock_incident
select id, attempt_id, session_id, kind, topic, severity, opened_at, closed_at, facts, evidence, review, review_note,
       reviewed_by, reviewed_at
from proctor.incident where id = $1 for no key update;

-- name: update_review
update proctor.incident set review = $2, review_note = $3, reviewed_by = $4, reviewed_at = $5
where id = $1 and review = 'new';

-- name: select_session_incidents
select id, attempt_id, session_id, kind, topic, severity, opened_at, closed_at, facts, evidence, review, review_note,
       reviewed_by, reviewed_at
from proctor.incident
where session_id = $1 and (review = 'new' or not $2)
order by array_position(array['high', 'medium', 'low', 'info'], severity), opened_at desc
limit $3;

-- name: select_attempt_incidents
select id, attempt_id, session_id, kind, topic, severity, opened_at, closed_at, facts, evidence, review, review_note,
       reviewed_by, reviewed_at
from proctor.incident where attempt_id = $1 order by opened_at limit $2;

-- name: insert_media
insert into proctor.media (id, attempt_id, kind, at, sha256, jpeg) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do nothing;

-- name: select_media
select id, attempt_id, kind, at, sha256, jpeg from proctor.media where id = $1;

-- name: select_photos
select id, at from proctor.media where attempt_id = $1 and kind = 'identity' order by at;

-- name: delete_released
delete from proctor.media m
where m.id = any($2::uuid[]) and m.attempt_id = $1 and m.kind = 'evidence'
  and not exists (select from proctor.incident i where i.attempt_id = $1 and m.id = any(i.evidence));

-- name: insert_message
insert into proctor.message (attempt_id, at, author, text) values ($1, $2, $3, $4) returning id;

-- name: select_messages
select id, attempt_id, at, author, text from proctor.message where attempt_id = $1 order by at, id limit $2;

-- name: insert_action
insert into proctor.action (attempt_id, at, kind, actor, detail) values ($1, $2, $3, $4, $5);

-- name: select_actions
select at, kind, actor, detail from proctor.action where attempt_id = $1 order by at, id limit $2;

-- name: select_standings
select wanted.attempt_id, w.frame_at, coalesce(i.open_incidents, 0) as open_incidents, i.worst, p.id as photo
from unnest($1::uuid[]) as wanted (attempt_id)
left join proctor.watch w on w.attempt_id = wanted.attempt_id
left join lateral (
    select count(*) filter (where severity <> 'info') as open_incidents,
           (array['info', 'low', 'medium', 'high'])[max(array_position(array['info', 'low', 'medium', 'high'], severity))]
               as worst
    from proctor.incident where attempt_id = wanted.attempt_id and review = 'new'
) i on true
left join lateral (
    select id from proctor.media where attempt_id = wanted.attempt_id and kind = 'identity' order by at desc limit 1
) p on true;
