-- Rights and retention, carried out by what the comments declare (foundation.sql). A new table or
-- column is exported, erased and expires by its own comment; app.privacy_gaps() names those without.

create table app.erasures (
  id uuid primary key default gen_random_uuid(),
  erased_at timestamptz not null default app.now(),
  rows jsonb not null
);
create index erasures_erased_at on app.erasures (erased_at);
alter table app.erasures enable row level security;
comment on table app.erasures is
  'That someone was erased, and how many rows: not who. [person: none; erasure: none; retention: '
  '1095 days after erased_at]';
comment on column app.erasures.id is 'privacy: none';
comment on column app.erasures.rows is 'Counts by table. privacy: none';

create function app.declared_tables()
returns table (relation text, person text, erasure text, days int, since text, rule text)
language sql stable set search_path = '' as $$
  select c.oid::regclass::text, m[1], m[2],
    (regexp_match(m[3], '^(\d+) days after [a-z_]+$'))[1]::int,
    (regexp_match(m[3], '^\d+ days after ([a-z_]+)$'))[1], m[3]
  from pg_catalog.pg_class c
  left join lateral regexp_match(pg_catalog.obj_description(c.oid, 'pg_class'),
    '\[person: ([a-z_]+); erasure: (delete|anonymise|none); retention: ([a-z0-9_. ]+)\]$') m on true
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p')
  order by c.oid::regclass::text
$$;
comment on function app.declared_tables() is
  'Every table of ours (schema.name) with what its comment declares; nulls where it declares '
  'nothing.';

create function app.declared_columns()
returns table (relation text, name text, personal text, erasure text, declared boolean)
language sql stable set search_path = '' as $$
  select c.oid::regclass::text, a.attname::text, coalesce(m[2], m[1]), m[3],
    -- Flags, numbers and times say nothing by themselves; everything else must be declared.
    m is not null or t.typcategory in ('B', 'N', 'D', 'T')
  from pg_catalog.pg_class c
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join lateral regexp_match(pg_catalog.col_description(c.oid, a.attnum),
    'privacy: (none|(export|internal), (erase|anonymise|keep); retention: row)$') m on true
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p')
  order by c.oid::regclass::text, a.attnum
$$;
comment on function app.declared_columns() is
  'Every column: personal is export, internal or none; declared is false where a comment is '
  'missing.';

create function app.privacy_gaps() returns setof text
language sql stable set search_path = '' as $$
  with tables as (select * from app.declared_tables()),
    columns as (select c.*, t.person, t.erasure as table_erasure
      from app.declared_columns() c join tables t using (relation))
  select relation || ' has no [person: …; erasure: …; retention: …]'
  from tables where person is null
  union all
  select relation || '.' || name || ' has no privacy declaration' from columns where not declared
  union all
  select relation || ': retention "' || rule || '" is no rule'
  from tables t where not (rule in ('account', 'forever')
    or days > 0 and exists (select from columns c
      where c.relation = t.relation and c.name = t.since)
    or rule like 'with %' and exists (select from pg_catalog.pg_constraint
      where conrelid = to_regclass(t.relation) and contype = 'f' and confdeltype = 'c'
        and confrelid = to_regclass(substr(rule, 6))))
  union all
  select relation || ': nobody is named to erase' from tables
  where (person = 'none') <> (erasure = 'none')
  union all
  select relation || ' has no column ' || person from tables t
  where person <> 'none'
    and not exists (select from columns c where c.relation = t.relation and c.name = t.person)
  union all
  select relation || '.' || name || ': ' || columns.erasure || ' is not what its table does'
  from columns where erasure <> case table_erasure
    when 'delete' then 'erase' when 'none' then 'keep' else erasure end
    or table_erasure = 'anonymise' and erasure = 'erase'
    or person <> 'none' and personal = 'none'
$$;
comment on function app.privacy_gaps() is
  'What is not declared, or contradicts itself. A test wants none.';

create function app.export_user(person uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_table record;
  v_rows jsonb;
  v_tables jsonb := '{}';
begin
  perform app.audit(person, 'account.exported');
  for v_table in
    select t.relation, t.person as owner, string_agg(format('%I', c.name), ', ') as names
    from app.declared_tables() t join app.declared_columns() c using (relation)
    where t.person <> 'none' and c.personal is distinct from 'internal'
    group by t.relation, t.person
  loop
    execute format('select coalesce(jsonb_agg(to_jsonb(r)), ''[]'')
        from (select %s from %s where %I = $1) r',
      v_table.names, v_table.relation, v_table.owner) into v_rows using person;
    v_tables := v_tables || jsonb_build_object(split_part(v_table.relation, '.', 2), v_rows);
  end loop;
  return jsonb_build_object(
    'format', 'comfyrunner-account-1', 'exportedAt', app.now(), 'userId', person,
    'signIn', (select jsonb_build_object('email', u.email, 'emailConfirmedAt', u.email_confirmed_at,
        'createdAt', u.created_at, 'lastSignInAt', u.last_sign_in_at,
        'metadata', u.raw_user_meta_data, 'identities', (select coalesce(jsonb_agg(
          jsonb_build_object('provider', i.provider, 'data', i.identity_data,
            'createdAt', i.created_at, 'lastSignInAt', i.last_sign_in_at)), '[]')
          from auth.identities i where i.user_id = u.id))
      from auth.users u where u.id = person),
    'tables', v_tables);
end $$;
comment on function app.export_user(uuid) is
  'Everything held about a person. → {format: "comfyrunner-account-1", exportedAt, userId, '
  'signIn: {email, emailConfirmedAt, createdAt, lastSignInAt, metadata, identities: [{provider, '
  'data, createdAt, lastSignInAt}]}, tables: {<table>: [row, …], …}}: every column but those '
  'declared internal, under the columns'' names. Documents of stored workflows are '
  'tables.workflow_versions[].document. Writes an audit row.';

create function app.forget(person uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_table record;
  v_count int;
  v_counts jsonb := '{}';
begin
  perform from public.profiles where id = person for update;
  if not found then return null; end if;
  perform app.leave_mailbox(person);
  -- Counted before anything goes: deleting one table's rows takes others along.
  for v_table in select * from app.declared_tables() t where t.person <> 'none' loop
    execute format('select count(*) from %s where %I = $1', v_table.relation, v_table.person)
      into v_count using person;
    if v_count > 0 then
      v_counts := v_counts || jsonb_build_object(v_table.relation, v_count);
    end if;
  end loop;
  for v_table in select * from app.declared_tables() t where t.erasure = 'anonymise' loop
    execute format('update %s set %s where %I = $1', v_table.relation,
      (select string_agg(format('%I = null', c.name), ', ') from app.declared_columns() c
        where c.relation = v_table.relation and c.erasure = 'anonymise'), v_table.person)
      using person;
  end loop;
  for v_table in select * from app.declared_tables() t where t.erasure = 'delete' loop
    execute format('delete from %s where %I = $1', v_table.relation, v_table.person) using person;
  end loop;
  perform app.forget_sign_in(person);
  insert into app.erasures (rows) values (v_counts);
  return v_counts;
end $$;
comment on function app.forget(uuid) is
  'Deletes or anonymises every declared row of a person. → counts by table; null when there is '
  'nobody.';

-- What the platform's auth schema keeps of a person without a foreign key.
create function app.forget_sign_in(person uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid::regclass from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r' and a.attname = 'user_id'
      and pg_catalog.has_table_privilege(c.oid, 'delete')
  loop
    execute format('delete from %s where user_id = %L', v_table, person);
  end loop;
  if to_regclass('auth.audit_log_entries') is not null
    and pg_catalog.has_table_privilege('auth.audit_log_entries', 'delete') then
    execute 'delete from auth.audit_log_entries where payload ->> ''actor_id'' = $1
      or payload #>> ''{traits,user_id}'' = $1' using person::text;
  end if;
end $$;

create function app.erase_user(person uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_counts jsonb := app.forget(person);
begin
  delete from auth.users where id = person;
  return v_counts;
end $$;
comment on function app.erase_user(uuid) is
  'Erases an account for good; end its subscription at Stripe first. → counts by table, also kept '
  'in app.erasures; null when there is nobody. Deleting the row of auth.users by any other way '
  'does the same.';

create function app.on_user_deleted() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform app.forget(old.id);
  return old;
end $$;
create trigger user_deleted before delete on auth.users
  for each row execute function app.on_user_deleted();

create function app.apply_retention(at timestamptz default app.now()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_table record;
  v_count int;
  v_counts jsonb := '{}';
begin
  for v_table in select * from app.declared_tables() where days is not null loop
    execute format('delete from %s where %I < $1 - make_interval(days => $2)',
      v_table.relation, v_table.since) using at, v_table.days;
    get diagnostics v_count = row_count;
    v_counts := v_counts || jsonb_build_object(v_table.relation, v_count);
  end loop;
  return v_counts;
end $$;
comment on function app.apply_retention(timestamptz) is
  'Deletes what is older than its table''s comment allows. → {<schema.table>: rows deleted} for '
  'every rule.';
