-- changed keys, beside the keys of the versions themselves; numbered without gaps over the whole bank
create table bank.key_change (
    edition integer primary key check (edition > 1),
    version_id uuid not null references bank.item_version (id),
    rule text not null check (rule in ('right', 'points', 'full')),
    options text[] not null,
    points jsonb,
    reason text not null check (reason <> ''),
    changed_by text not null check (changed_by <> ''),
    changed_at timestamptz not null,
    check ((rule = 'right') = (cardinality(options) > 0)),
    check ((rule = 'points') = (points is not null))
);
create index key_change_version on bank.key_change (version_id, edition desc);
create trigger key_change_append_only before update or delete on bank.key_change
    for each row execute function bank.refuse_change();
