-- a later score version names two different people who approved it, whoever writes it
alter table exam.score add constraint score_two_approvers check (
    version = 1
    or (record #>> '{reason,approvers,0}') <> '' and (record #>> '{reason,approvers,1}') <> ''
       and (record #>> '{reason,approvers,0}') is distinct from (record #>> '{reason,approvers,1}'));
alter table exam.score add constraint score_supersedes check (
    (version = 1) = (record ->> 'supersedes' is null) and (record ->> 'score_version')::integer = version);

-- The statements that write events and their projections hold the attempt's row while they do; a foreign key would look
-- it up and lock it again for each row, a fifth of the cost of a save. What the key kept besides is kept here: an
-- attempt does not go away.
alter table exam.event drop constraint event_attempt_id_fkey;
alter table exam.response drop constraint response_attempt_id_fkey;
alter table exam.flag drop constraint flag_attempt_id_fkey;
create trigger attempt_kept before delete on exam.attempt for each row execute function exam.refuse_change();
