create table bank.bank (
    id uuid primary key,
    code text not null unique,
    name text not null
);

create table bank.item (
    id uuid primary key,
    bank_id uuid not null references bank.bank (id),
    code text not null,
    created_at timestamptz not null,
    unique (bank_id, code)
);

create table bank.item_version (
    id uuid primary key,
    item_id uuid not null references bank.item (id),
    version integer not null check (version > 0),
    state text not null check (state in ('draft', 'review', 'approved', 'retired')),
    topic text not null,
    difficulty double precision not null check (difficulty between -6 and 6),
    content jsonb not null,
    content_sha256 text not null,
    stem_text text not null,
    option_ids text[] not null,
    author_id uuid not null,
    reviewer_id uuid,
    created_at timestamptz not null,
    decided_at timestamptz,
    note text not null default '',
    unique (item_id, version),
    constraint author_is_not_reviewer check (reviewer_id <> author_id),
    check ((state in ('approved', 'retired')) <= (reviewer_id is not null))
);
create index item_version_list on bank.item_version (state, topic);
create unique index item_version_one_approved on bank.item_version (item_id) where state = 'approved';

-- a version's content never changes once it has left the draft
create function bank.keep_content() returns trigger language plpgsql as $$
begin
    if old.state <> 'draft' and (new.content_sha256, new.topic, new.version, new.item_id, new.author_id)
            is distinct from (old.content_sha256, old.topic, old.version, old.item_id, old.author_id)
       or old.state <> 'draft' and new.content is distinct from old.content then
        raise exception 'an item version is immutable after its draft' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger item_version_immutable before update on bank.item_version
    for each row execute function bank.keep_content();

create table bank.blueprint (
    code text not null,
    version text not null,
    definition jsonb not null,
    sha256 text not null,
    created_at timestamptz not null,
    primary key (code, version)
);
