-- What was done to an account, by whom. Details are codes and numbers, never what a person wrote.

create table public.audit_log (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  actor text not null check (actor in ('user', 'service')),
  action text not null check (action ~ '^[a-z_.]{1,60}$'),
  detail jsonb not null default '{}',
  created_at timestamptz not null default app.now()
);
create index audit_log_user_id on public.audit_log (user_id, created_at desc);
create index audit_log_created_at on public.audit_log (created_at);
comment on table public.audit_log is
  'Sensitive actions. [person: user_id; erasure: delete; retention: 730 days after created_at]';
comment on column public.audit_log.id is 'privacy: export, erase; retention: row';
comment on column public.audit_log.user_id is 'privacy: export, erase; retention: row';
comment on column public.audit_log.actor is 'privacy: export, erase; retention: row';
comment on column public.audit_log.action is 'privacy: export, erase; retention: row';
comment on column public.audit_log.detail is 'privacy: export, erase; retention: row';

alter table public.audit_log enable row level security;
create policy "People read the log of their account" on public.audit_log
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.audit_log to authenticated;
grant select, insert, update, delete on public.audit_log to service_role;

create function app.audit(person uuid, action text, detail jsonb default '{}') returns void
language sql security definer set search_path = '' as $$
  insert into public.audit_log (user_id, actor, action, detail)
  values (person, case when auth.uid() = person then 'user' else 'service' end, action, detail)
$$;
comment on function app.audit(uuid, text, jsonb) is
  'Writes one row. The actor is the person when the request carries their token.';
