-- a person's decision to take the operations of an emergency file stands in the log before them
alter table exam.event drop constraint event_kind_check;
alter table exam.event add constraint event_kind_check
    check (kind in ('items_appended', 'started', 'responded', 'flagged', 'paused', 'resumed', 'credited', 'taken_over',
                    'submitted', 'expired', 'terminated', 'imported'));
