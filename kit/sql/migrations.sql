-- name: create_ledger
create table if not exists {schema}.migration (
    package text not null,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    primary key (package, name)
);

-- name: select_applied
select name, sha256 from {schema}.migration where package = $1;

-- name: insert_applied
insert into {schema}.migration (package, name, sha256) values ($1, $2, $3);

-- name: select_snapshot
select line from (
    select format('column %s.%s.%s %s%s%s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  case when a.attnotnull then ' not null' else '' end,
                  coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'v')
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where n.nspname = any($1::text[]) and a.attnum > 0 and not a.attisdropped
    union all
    select format('constraint %s.%s %s %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1::text[]) and k.contype <> 'n'
    union all
    select format('index %s', pg_get_indexdef(i.indexrelid))
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1::text[])
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid))
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any($1::text[]) and not t.tgisinternal
) lines
order by line collate "C";
