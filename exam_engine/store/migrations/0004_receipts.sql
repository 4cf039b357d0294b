-- The log of an attempt as a hash chain: whoever holds a (seq, hash) can tell later whether the log up to there is the
-- one that was acknowledged. The form of the hashed bytes is described in exam_engine/domain/chain.py, which computes
-- the same.
create function exam.event_bytes(attempt_id uuid, seq bigint, kind text, server_at timestamptz, payload jsonb,
                                 item_version_id uuid, revision bigint, client_id uuid, client_seq bigint,
                                 client_at timestamptz) returns bytea
    language sql stable parallel safe
    return convert_to(concat(attempt_id, E'\n', seq, E'\n', kind, E'\n', extract(epoch from server_at), E'\n',
                             item_version_id, E'\n', revision, E'\n', client_id, E'\n', client_seq, E'\n',
                             extract(epoch from client_at), E'\n', payload), 'UTF8');

create function exam.event_link(previous bytea, attempt_id uuid, seq bigint, kind text, server_at timestamptz,
                                payload jsonb, item_version_id uuid, revision bigint, client_id uuid,
                                client_seq bigint, client_at timestamptz) returns bytea
    language sql stable parallel safe
    return sha256(previous || exam.event_bytes(attempt_id, seq, kind, server_at, payload, item_version_id, revision,
                                               client_id, client_seq, client_at));

-- the same over many events, as a window: exam.chained(head before the first, bytes) over (... order by seq)
create function exam.chain_step(state bytea, head bytea, event bytea) returns bytea
    language plpgsql immutable parallel safe as $$
begin
    return sha256(coalesce(state, head) || event);
end
$$;
create aggregate exam.chained(bytea, bytea) (sfunc = exam.chain_step, stype = bytea);

alter table exam.attempt add column head bytea not null default decode(repeat('00', 32), 'hex');
alter table exam.event add column hash bytea;

alter table exam.event disable trigger event_append_only;
update exam.event e
set hash = l.hash
from (select attempt_id, seq,
             exam.chained(decode(repeat('00', 32), 'hex'),
                          exam.event_bytes(attempt_id, seq, kind, server_at, payload, item_version_id, revision,
                                           client_id, client_seq, client_at))
                 over (partition by attempt_id order by seq rows unbounded preceding) as hash
      from exam.event) l
where (e.attempt_id, e.seq) = (l.attempt_id, l.seq);
alter table exam.event enable trigger event_append_only;
alter table exam.event alter column hash set not null;
alter table exam.event add constraint event_hash_length check (length(hash) = 32);

update exam.attempt a
set head = e.hash
from exam.event e
where (e.attempt_id, e.seq) = (a.id, a.last_seq);

-- scores made before had a fingerprint of the log of their own kind; it is no part of the signed record
alter table exam.score disable trigger score_append_only;
update exam.score s set log_hash = encode(a.head, 'hex') from exam.attempt a where a.id = s.attempt_id;
alter table exam.score enable trigger score_append_only;
