-- dashes, spaces and capitals of a participant number do not count: not at the log-in, and not for being another one
alter table exam.participant add column number_key text collate "C" not null
    generated always as (upper(regexp_replace(number collate "C", '[^0-9A-Za-z]', '', 'g'))) stored;
alter table exam.participant add constraint participant_number_key check (number_key <> '');
create unique index participant_session_number_key on exam.participant (session_id, number_key);
drop index exam.participant_number;
create index participant_number on exam.participant (number_key);
