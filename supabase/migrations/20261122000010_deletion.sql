-- Leaving: asked for, 14 days to think, then erased (privacy.sql).

create table public.deletion_requests (
  user_id uuid primary key references auth.users on delete cascade,
  requested_at timestamptz not null default app.now(),
  erase_after timestamptz not null,
  cancelled_at timestamptz,
  reminded_at timestamptz
);
create index deletion_requests_cancelled_at on public.deletion_requests (cancelled_at);
comment on table public.deletion_requests is
  'Who asked to be deleted. [person: user_id; erasure: delete; retention: 30 days after '
  'cancelled_at]';
comment on column public.deletion_requests.user_id is 'privacy: export, erase; retention: row';

alter table public.deletion_requests enable row level security;
create policy "People read their own deletion request" on public.deletion_requests
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.deletion_requests to authenticated;
grant select, insert, update, delete on public.deletion_requests to service_role;

create function app.request_deletion(person uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_request public.deletion_requests;
begin
  insert into public.deletion_requests as d (user_id, requested_at, erase_after)
  values (person, app.now(), app.now() + interval '14 days')
  on conflict (user_id) do update set requested_at = excluded.requested_at,
    erase_after = excluded.erase_after, cancelled_at = null, reminded_at = null
    where d.cancelled_at is not null
  returning * into v_request;
  if v_request.user_id is not null then
    perform app.audit(person, 'deletion.requested');
  else
    select * into v_request from public.deletion_requests where user_id = person;
  end if;
  return app.deletion_brief(v_request);
end $$;
comment on function app.request_deletion(uuid) is
  'Asks once; asking again changes nothing. → {requestedAt, eraseAfter}: 14 days later.';

create function app.deletion_brief(d public.deletion_requests) returns jsonb
language sql immutable set search_path = '' as $$
  select case when d.user_id is not null and d.cancelled_at is null then
    jsonb_build_object('requestedAt', d.requested_at, 'eraseAfter', d.erase_after) end
$$;

create function app.cancel_deletion() returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person();
begin
  update public.deletion_requests set cancelled_at = app.now()
  where user_id = v_person.id and cancelled_at is null;
  if found then perform app.audit(v_person.id, 'deletion.cancelled'); end if;
end $$;
create function public.cancel_deletion() returns void
language sql security invoker set search_path = '' as $$ select app.cancel_deletion() $$;
comment on function public.cancel_deletion() is
  'The account stays. → nothing, also when nothing was asked for.';

create function app.deletions_due(at timestamptz default app.now())
returns table (user_id uuid, email text, erase_after timestamptz)
language sql stable security definer set search_path = '' as $$
  select d.user_id, p.email, d.erase_after
  from public.deletion_requests d join public.profiles p on p.id = d.user_id
  where d.cancelled_at is null and d.erase_after <= at order by d.erase_after limit 100
$$;
comment on function app.deletions_due(timestamptz) is
  'Whom to erase now (end the subscription first, then app.erase_user).';

create function app.deletion_reminders_due(at timestamptz default app.now())
returns table (user_id uuid, email text, erase_after timestamptz)
language sql stable security definer set search_path = '' as $$
  select d.user_id, p.email, d.erase_after
  from public.deletion_requests d join public.profiles p on p.id = d.user_id
  where d.cancelled_at is null and d.reminded_at is null
    and d.erase_after <= at + interval '3 days' and d.erase_after > at
  order by d.erase_after limit 100
$$;
comment on function app.deletion_reminders_due(timestamptz) is
  'Whom to remind: three days are left. Set reminded_at when the mail is out.';
