-- What may change of a version, whoever writes: its state along the moves of item_bank/domain/versions.py, who judged it
-- and why. A version that was approved once is kept for ever, as it was: scores refer to it.
create or replace function bank.keep_content() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.state in ('approved', 'retired') then
            raise exception 'an approved item version is kept' using errcode = 'integrity_constraint_violation';
        end if;
        return old;
    end if;
    if old.state <> 'draft'
            and (new.id, new.item_id, new.version, new.topic, new.difficulty, new.content_sha256, new.stem_text,
                 new.option_ids, new.author_id, new.created_at)
            is distinct from (old.id, old.item_id, old.version, old.topic, old.difficulty, old.content_sha256,
                              old.stem_text, old.option_ids, old.author_id, old.created_at)
       or old.state <> 'draft' and new.content is distinct from old.content
       or old.state in ('approved', 'retired') and new.reviewer_id is distinct from old.reviewer_id then
        raise exception 'an item version is immutable after its draft' using errcode = 'integrity_constraint_violation';
    end if;
    if (old.state, new.state) not in (('draft', 'draft'), ('draft', 'review'), ('review', 'review'), ('review', 'draft'),
                                      ('review', 'approved'), ('approved', 'approved'), ('approved', 'retired'),
                                      ('retired', 'retired')) then
        raise exception 'no move from % to %', old.state, new.state using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
drop trigger item_version_immutable on bank.item_version;
create trigger item_version_immutable before update or delete on bank.item_version
    for each row execute function bank.keep_content();

-- a blueprint version is never edited: forms name it
create function bank.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;
create trigger blueprint_append_only before update or delete on bank.blueprint
    for each row execute function bank.refuse_change();
