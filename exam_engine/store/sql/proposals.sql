-- name: insert_proposal
insert into exam.proposal (id, session_id, kind, attempt_ids, seconds, reason, asked_by, asked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing
returning id;

-- name: lock_proposal
select id, session_id, kind, attempt_ids, seconds, reason, asked_by, asked_at, state, decided_by, decided_at, outcome
from exam.proposal where id = $1 for no key update;

-- name: select_proposal
select id, session_id, kind, attempt_ids, seconds, reason, asked_by, asked_at, state, decided_by, decided_at, outcome
from exam.proposal where id = $1;

-- name: select_session_proposals
select id, session_id, kind, attempt_ids, seconds, reason, asked_by, asked_at, state, decided_by, decided_at, outcome
from exam.proposal where session_id = $1 order by asked_at desc, id limit $2;

-- name: close_proposal
update exam.proposal set state = $2, decided_by = $3, decided_at = $4, outcome = $5 where id = $1;

-- name: insert_approval
insert into exam.approval (proposal_id, actor, lead, approved_at) values ($1, $2, $3, $4);

-- name: select_approvals
select actor, lead from exam.approval where proposal_id = $1;
