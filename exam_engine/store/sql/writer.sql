-- name: save_operations
-- One statement decides, stores and answers a whole batch. Attempts are locked in order of their id, so that two
-- writers cannot deadlock; the deadline is compared with the database's clock after the lock is held; an operation that
-- is already in the log is answered 'stored' whatever has happened since. The log is looked at after the lock as well,
-- and of copies within the batch the first is the operation: so the numbers of the log have no gaps. Each new event is
-- linked to the one before it; what is answered besides the verdict is the receipt: the attempt's last event and head.
with op as (
    select *, row_number() over (partition by attempt_id, client_id, client_seq order by place) as copy
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::bigint[], $8::jsonb[],
                $9::timestamptz[])
        with ordinality as t (attempt_id, seat_id, client_id, client_seq, kind, item_version_id, revision, payload,
                              client_at, place)
), locked as materialized (
    select a.id, a.status, a.seat_id, a.deadline_at, a.grace_s, a.last_seq, a.head
    from exam.attempt a
    where a.id in (select attempt_id from op)
    order by a.id
    for no key update of a
), held as materialized (
    select locked.*, clock_timestamp() as at from locked
), judged as materialized (
    select op.*, l.last_seq, l.head, l.at,
           case
               when exam.event_stored(op.attempt_id, op.client_id, op.client_seq) then 'stored'
               when l.id is null then 'rejected'
               when l.seat_id <> op.seat_id then 'superseded'
               when l.status in ('paused', 'preparing') then 'hold'
               when l.status <> 'active' or l.at > l.deadline_at + make_interval(secs => l.grace_s) then 'late'
               when l.at > l.deadline_at and op.client_at > l.deadline_at then 'late'
               when op.copy > 1 then 'stored'
               else 'new'
           end as verdict
    from op
    left join held l on l.id = op.attempt_id
), numbered as (
    select *, last_seq + row_number() over (partition by attempt_id order by place) as seq
    from judged
    where verdict = 'new'
), linked as materialized (
    select *, exam.chained(head, exam.event_bytes(attempt_id, seq, kind, at, payload, item_version_id, revision,
                                                  client_id, client_seq, client_at))
                  over (partition by attempt_id order by seq rows unbounded preceding) as hash
    from numbered
), appended as (
    insert into exam.event (attempt_id, seq, kind, server_at, payload, item_version_id, revision, client_id, client_seq,
                            client_at, hash)
    select attempt_id, seq, kind, at, payload, item_version_id, revision, client_id, client_seq, client_at, hash
    from linked
), newest as materialized (
    select distinct on (attempt_id) attempt_id, seq, hash from linked order by attempt_id, seq desc
), counted as (
    update exam.attempt a
    set last_seq = n.seq, head = n.hash
    from newest n
    where a.id = n.attempt_id
), answered as (
    insert into exam.response (attempt_id, item_version_id, revision, value, answered_at)
    select distinct on (attempt_id, item_version_id) attempt_id, item_version_id, revision, payload, at
    from judged
    where verdict = 'new' and kind = 'responded'
    order by attempt_id, item_version_id, revision desc, place desc
    on conflict (attempt_id, item_version_id) do update
        set revision = excluded.revision, value = excluded.value, answered_at = excluded.answered_at
        where response.revision <= excluded.revision
), marked as (
    insert into exam.flag (attempt_id, item_version_id, revision, flagged)
    select distinct on (attempt_id, item_version_id) attempt_id, item_version_id, revision, payload = 'true'::jsonb
    from judged
    where verdict = 'new' and kind = 'flagged'
    order by attempt_id, item_version_id, revision desc, place desc
    on conflict (attempt_id, item_version_id) do update
        set revision = excluded.revision, flagged = excluded.flagged
        where flag.revision <= excluded.revision
)
select case j.verdict when 'new' then 'stored' else j.verdict end as verdict, coalesce(n.seq, j.last_seq) as seq,
       coalesce(n.hash, j.head) as head
from judged j
left join newest n on n.attempt_id = j.attempt_id
order by j.place;
