-- name: put_frame
insert into proctor.live_frame as f (attempt_id, session_id, at, captured_at, jpeg)
values ($1, $2, $3, $4, $5)
on conflict (attempt_id) do update
set session_id = excluded.session_id, at = excluded.at, captured_at = excluded.captured_at, jpeg = excluded.jpeg,
    claimed_at = null, measured = false
where f.at < excluded.at;

-- name: take_frames
with waiting as (
    select attempt_id from proctor.live_frame
    where not measured and (claimed_at is null or claimed_at <= $3)
    order by at limit $1
    for no key update skip locked
)
update proctor.live_frame f set claimed_at = $2
from waiting w where f.attempt_id = w.attempt_id
returning f.attempt_id, f.session_id, f.at, f.captured_at, f.jpeg;

-- name: finish_frame
update proctor.live_frame set measured = true where attempt_id = $1 and at = $2;

-- name: select_latest_frame
select attempt_id, session_id, at, captured_at, jpeg from proctor.live_frame where attempt_id = $1;

-- name: select_seen_at
select attempt_id, at from proctor.live_frame where attempt_id = any($1::uuid[]);

-- name: delete_frame
delete from proctor.live_frame where attempt_id = $1;

-- name: count_waiting
select count(*) from proctor.live_frame where not measured;
