-- name: upsert_bank
insert into bank.bank (id, code, name) values ($1, $2, $3)
on conflict (code) do update set name = excluded.name
returning id;

-- name: insert_items
insert into bank.item (id, bank_id, code, created_at)
select id, $1, code, $2 from unnest($3::uuid[], $4::text[]) as t (id, code)
on conflict (bank_id, code) do nothing;

-- name: select_newest
select distinct on (i.code) i.code, i.id as item_id, v.version, v.content_sha256, v.topic, v.difficulty
from bank.item i
left join bank.item_version v on v.item_id = i.id
where i.bank_id = $1 and i.code = any($2::text[])
order by i.code, v.version desc nulls last;

-- name: retire_approved
update bank.item_version set state = 'retired', decided_at = $2 where item_id = any($1::uuid[]) and state = 'approved';

-- name: insert_versions
insert into bank.item_version (id, item_id, version, state, topic, difficulty, content, content_sha256, stem_text,
                               option_ids, author_id, reviewer_id, created_at, decided_at)
select id, item_id, version, $1::text, topic, difficulty, content, content_sha256, stem_text, string_to_array(options, ' '),
       $2, $3::uuid, $4::timestamptz, case when $3::uuid is null then null else $4::timestamptz end
from unnest($5::uuid[], $6::uuid[], $7::int[], $8::text[], $9::float8[], $10::jsonb[], $11::text[], $12::text[],
            $13::text[])
    as t (id, item_id, version, topic, difficulty, content, content_sha256, stem_text, options);

-- name: select_contents
select id, content from bank.item_version where id = any($1::uuid[]);

-- name: select_pool
select v.id, i.code, v.topic, v.option_ids
from bank.item_version v
join bank.item i on i.id = v.item_id
where v.state = 'approved' and v.topic = any($1::text[]);

-- name: count_items
select count(*) from bank.item_version v
join bank.item i on i.id = v.item_id
where ($1::text is null or v.state = $1) and ($2::text is null or v.topic = $2)
  and ($3::text[] is null or concat_ws(' ', i.code, v.stem_text, v.content ->> 'rationale', (
        select string_agg(regexp_replace(o #>> '{}', '<[^>]*>', ' ', 'g'), ' ')
        from jsonb_path_query(v.content, '$.interactions[*].options[*].html') o
      )) ilike all($3::text[]))
  and not exists (select from bank.item_version n where n.item_id = v.item_id and n.version > v.version);

-- name: select_items
select v.id, i.code, v.version, v.state, v.topic, v.difficulty, v.stem_text, v.author_id, v.created_at
from bank.item_version v
join bank.item i on i.id = v.item_id
where ($1::text is null or v.state = $1) and ($2::text is null or v.topic = $2)
  and ($3::text[] is null or concat_ws(' ', i.code, v.stem_text, v.content ->> 'rationale', (
        select string_agg(regexp_replace(o #>> '{}', '<[^>]*>', ' ', 'g'), ' ')
        from jsonb_path_query(v.content, '$.interactions[*].options[*].html') o
      )) ilike all($3::text[]))
  and not exists (select from bank.item_version n where n.item_id = v.item_id and n.version > v.version)
order by i.code limit $4 offset $5;

-- name: select_topics
select topic, count(*) filter (where state = 'approved') as approved, count(*) as all_states
from bank.item_version v
where not exists (select from bank.item_version n where n.item_id = v.item_id and n.version > v.version)
group by topic order by topic;

-- name: select_version
select v.id, i.code, v.version, v.state, v.topic, v.difficulty, v.stem_text, v.author_id, v.created_at, v.item_id,
       v.content, v.content_sha256, v.reviewer_id, v.decided_at, v.note
from bank.item_version v
join bank.item i on i.id = v.item_id
where v.id = $1;

-- name: lock_version
select v.state, v.author_id from bank.item_version v where v.id = $1 for update;

-- name: update_state
update bank.item_version set state = $2, reviewer_id = coalesce($3, reviewer_id), decided_at = $4, note = $5
where id = $1;

-- name: select_history
select v.id, i.code, v.version, v.state, v.topic, v.difficulty, v.stem_text, v.author_id, v.created_at, v.reviewer_id,
       v.decided_at, v.note
from bank.item_version v
join bank.item i on i.id = v.item_id
where v.item_id = $1 order by v.version desc;

-- name: upsert_blueprint
insert into bank.blueprint (code, version, definition, sha256, created_at) values ($1, $2, $3, $4, $5)
on conflict (code, version) do nothing
returning sha256;

-- name: select_blueprint_version
select sha256 from bank.blueprint where code = $1 and version = $2;

-- name: select_blueprint
select definition from bank.blueprint where code = $1 order by created_at desc limit 1;

-- name: select_blueprints
select distinct on (code) definition from bank.blueprint order by code, created_at desc;

-- name: lock_key_changes
lock table bank.key_change in share row exclusive mode;

-- name: insert_key_change
insert into bank.key_change (edition, version_id, rule, options, points, reason, changed_by, changed_at)
select coalesce(max(edition), 1) + 1, $1, $2, $3::text[], $4::jsonb, $5, $6, $7 from bank.key_change
returning edition;

-- name: select_edition
select coalesce(max(edition), 1) from bank.key_change;

-- name: select_key_changes
select distinct on (version_id) version_id, rule, reason, changed_by, changed_at, options, points, edition
from bank.key_change
where version_id = any($1::uuid[]) and edition <= $2
order by version_id, edition desc;
