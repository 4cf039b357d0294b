-- name: append_operation
with linked as (
    update exam.attempt
    set last_seq = last_seq + 1,
        head = exam.event_link(head, id, last_seq + 1, $2, $3, $4, $5, $6, $7, $8, $9)
    where id = $1
    returning id, last_seq, head
)
insert into exam.event (attempt_id, seq, kind, server_at, payload, item_version_id, revision, client_id, client_seq,
                        client_at, hash)
select id, last_seq, $2, $3, $4, $5, $6, $7, $8, $9, head from linked;

-- name: project_response
insert into exam.response (attempt_id, item_version_id, revision, value, answered_at) values ($1, $2, $3, $4, $5)
on conflict (attempt_id, item_version_id) do update
    set revision = excluded.revision, value = excluded.value, answered_at = excluded.answered_at
    where response.revision <= excluded.revision;

-- name: project_flag
insert into exam.flag (attempt_id, item_version_id, revision, flagged) values ($1, $2, $3, $4 = 'true'::jsonb)
on conflict (attempt_id, item_version_id) do update
    set revision = excluded.revision, flagged = excluded.flagged
    where flag.revision <= excluded.revision;
