-- Two schemas. `public` is what the Data API shows: tables to read under row-level security, and
-- thin functions. `app` is not exposed: private tables, and the functions that write.
--
-- Comments on tables and columns are read by programs: app.export_user, app.erase_user and
-- app.apply_retention (privacy.sql) know nothing but what they say.
--   table    '<words> [person: <column>|none; erasure: delete|anonymise|none; retention: <rule>]'
--   column   '<words> privacy: export|internal, erase|anonymise|keep; retention: row'
--            '<words> privacy: none' where no row is about a person
--   rule     'account' | 'forever' | '<n> days after <column>[ or <m> without <column>]' | 'with <table>'

create schema app;
grant usage on schema app to anon, authenticated, service_role;

-- Nothing is granted by default; every grant below is written down.
alter default privileges in schema public
  revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public
  revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public
  revoke execute on functions from anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;

create table app.clock (
  id boolean primary key default true check (id),
  ahead interval not null default '0'
);
alter table app.clock enable row level security;
comment on table app.clock is
  'How far the cloud''s clock is ahead of the real one: 0 in production, moved by tests and the '
  'local cloud. [person: none; erasure: none; retention: forever]';
insert into app.clock default values;

-- PL/pgSQL where a function is called often: it keeps its plans, SQL functions plan each call anew.
create function app.now() returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select now() + ahead from app.clock);
end $$;
comment on function app.now() is 'The cloud''s time: the start of the transaction.';

create table app.secrets (
  name text primary key check (name ~ '^[a-z_]{1,40}$'),
  value text not null
);
alter table app.secrets enable row level security;
comment on table app.secrets is
  'Keys of the database itself. [person: none; erasure: none; retention: forever]';
comment on column app.secrets.name is 'privacy: none';
comment on column app.secrets.value is 'privacy: none';
insert into app.secrets (name, value)
values ('mailbox_pepper', encode(extensions.gen_random_bytes(32), 'hex'));

create function app.keyed_hash(message text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select encode(extensions.hmac(message, value, 'sha256'), 'hex')
    from app.secrets where name = 'mailbox_pepper');
end $$;
comment on function app.keyed_hash(text) is
  'HMAC-SHA256 under the database''s own pepper, in hex: equal texts can be told, but not read '
  'back.';

create function app.refuse(status int, code text, message text, more jsonb default '{}')
returns void language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status,
    message = message,
    detail = (jsonb_build_object('code', code) || more)::text;
end $$;
comment on function app.refuse(int, text, text, jsonb) is
  'Ends the request with an HTTP status (PostgREST reads PTnnn), words for people, and a detail '
  'for programs: {code, …more}.';

-- Rate limits: fixed windows, counted under a keyed hash so that no address or id is kept.

create table app.rate_rules (
  name text primary key check (name ~ '^[a-z_]{1,40}$'),
  calls int not null check (calls > 0),
  window_s int not null check (window_s > 0)
);
alter table app.rate_rules enable row level security;
comment on table app.rate_rules is
  'How often one person may call a function of the Data API. [person: none; erasure: none; '
  'retention: forever]';
comment on column app.rate_rules.name is 'privacy: none';
insert into app.rate_rules values
  ('usage_sync', 240, 60), ('save_workflow', 120, 60), ('share_workflow', 30, 60),
  ('update_profile', 30, 60);

create table app.rate_limits (
  key text not null,
  window_start timestamptz not null,
  count int not null,
  primary key (key, window_start)
);
create index rate_limits_window_start on app.rate_limits (window_start);
alter table app.rate_limits enable row level security;
comment on table app.rate_limits is
  'Calls in the present windows. [person: none; erasure: none; retention: 1 days after '
  'window_start]';
comment on column app.rate_limits.key is
  'Keyed hash of who called what. privacy: internal, keep; retention: row';

create function app.take_rate(key text, max_calls int, window_s int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_now timestamptz := app.now();
  v_start timestamptz := to_timestamp(floor(extract(epoch from v_now) / window_s) * window_s);
  v_count int;
begin
  insert into app.rate_limits as r values (app.keyed_hash(key), v_start, 1)
  on conflict on constraint rate_limits_pkey do update set count = r.count + 1
  returning r.count into v_count;
  return jsonb_build_object(
    'allowed', v_count <= max_calls,
    'remaining', greatest(max_calls - v_count, 0),
    'resetSeconds',
    ceil(extract(epoch from v_start + make_interval(secs => window_s) - v_now))::int);
end $$;
comment on function app.take_rate(text, int, int) is
  'Counts one call. → {allowed: bool, remaining: int, resetSeconds: int}. Keys are free text, '
  'stored hashed.';

create function app.limit_rate(rule text, person uuid) returns void
language plpgsql set search_path = '' as $$
declare
  v_rate jsonb;
begin
  select app.take_rate(r.name || ':' || person, r.calls, r.window_s) into v_rate
  from app.rate_rules r where r.name = rule;
  if not (v_rate ->> 'allowed')::boolean then
    perform app.refuse(429, 'rate_limited', 'Too many requests. Try again in a moment.', v_rate);
  end if;
end $$;
comment on function app.limit_rate(text, uuid) is
  'Refuses with 429 when the rule''s calls are used up.';
