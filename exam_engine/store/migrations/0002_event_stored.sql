-- Whether an operation is in the log. Volatile on purpose: it reads what was committed while the writer waited for the
-- attempt's lock, which the writer's own statement cannot see (it has the snapshot of its beginning).
create function exam.event_stored(attempt uuid, client uuid, number bigint) returns boolean
    language plpgsql volatile as $$
begin
    return exists (select from exam.event where attempt_id = attempt and client_id = client and client_seq = number);
end
$$;

-- the sweeper looks for the earliest deadline over all sessions
create index attempt_deadline on exam.attempt (deadline_at) where status = 'active';
drop index exam.attempt_running;
