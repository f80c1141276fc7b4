-- Workflows that a person chose to save to the account. Nothing gets here by itself.

create table public.stored_workflows (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  current_version int not null default 0,
  size_bytes bigint not null default 0,
  share_token text unique,
  shared_at timestamptz,
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.now(),
  -- Ids may come from the app: what one person chose never stands in another's way.
  primary key (user_id, id)
);
comment on table public.stored_workflows is
  'Names and newest versions. [person: user_id; erasure: delete; retention: account]';
comment on column public.stored_workflows.id is 'privacy: export, erase; retention: row';
comment on column public.stored_workflows.user_id is 'privacy: export, erase; retention: row';
comment on column public.stored_workflows.name is 'privacy: export, erase; retention: row';
comment on column public.stored_workflows.share_token is
  'Whoever knows it may read the newest version: 192 random bits. privacy: export, erase; '
  'retention: row';
comment on column public.stored_workflows.size_bytes is 'Of all versions kept.';

alter table public.stored_workflows enable row level security;
create policy "People read their own workflows" on public.stored_workflows
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.stored_workflows to authenticated;
grant select, insert, update, delete on public.stored_workflows to service_role;

create table public.workflow_versions (
  workflow_id uuid not null,
  version int not null,
  user_id uuid not null,
  document text not null,
  size_bytes int not null,
  sha256 text not null,
  device_id uuid,
  created_at timestamptz not null default app.now(),
  primary key (user_id, workflow_id, version),
  foreign key (user_id, workflow_id) references public.stored_workflows (user_id, id)
    on delete cascade,
  foreign key (user_id, device_id) references public.devices (user_id, id)
    on delete set null (device_id)
);
create index workflow_versions_device on public.workflow_versions (user_id, device_id);
comment on table public.workflow_versions is
  'The newest 20 of each workflow. Documents are text: numbers in them exceed what JSON readers '
  'hold. [person: user_id; erasure: delete; retention: with public.stored_workflows]';
comment on column public.workflow_versions.workflow_id is 'privacy: export, erase; retention: row';
comment on column public.workflow_versions.user_id is 'privacy: export, erase; retention: row';
comment on column public.workflow_versions.document is 'privacy: export, erase; retention: row';
comment on column public.workflow_versions.sha256 is 'privacy: export, erase; retention: row';
comment on column public.workflow_versions.device_id is
  'Where it was saved. privacy: export, erase; retention: row';

alter table public.workflow_versions enable row level security;
create policy "People read their own versions" on public.workflow_versions
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.workflow_versions to authenticated;
grant select, insert, update, delete on public.workflow_versions to service_role;

create function app.own_workflow(person uuid, workflow uuid) returns public.stored_workflows
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows;
begin
  select * into v_workflow from public.stored_workflows
  where id = workflow and user_id = person for no key update;
  if v_workflow.id is null then
    perform app.refuse(404, 'no_workflow', 'There is no such workflow in this account.');
  end if;
  return v_workflow;
end $$;
comment on function app.own_workflow(uuid, uuid) is 'The row, locked; refuses with 404.';

create function app.clean_workflow_name(name text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  -- Control characters, and marks that turn the direction of what follows, only serve to mislead.
  name := trim(regexp_replace(name, '[\u0001-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]', ' ', 'g'));
  if name is null or char_length(name) not between 1 and 200 then
    perform app.refuse(422, 'bad_name', 'A workflow''s name has 1 to 200 characters.');
  end if;
  return name;
end $$;

create function app.store_version(w public.stored_workflows, p_document text, device uuid)
returns void language plpgsql security definer set search_path = '' as $$
declare
  v_bytes int := octet_length(p_document);
  v_limit bigint := (app.entitlement_of(w.user_id, app.now())).storage_bytes;
  v_total bigint;
begin
  delete from public.workflow_versions
  where user_id = w.user_id and workflow_id = w.id and version <= w.current_version + 1 - 20;
  insert into public.workflow_versions
    (workflow_id, version, user_id, document, size_bytes, sha256, device_id)
  values (w.id, w.current_version + 1, w.user_id, p_document, v_bytes,
    encode(sha256(convert_to(p_document, 'utf8')), 'hex'),
    (select id from public.devices where user_id = w.user_id and id = device));
  update public.stored_workflows set
    current_version = w.current_version + 1, name = w.name, updated_at = app.now(),
    size_bytes = (select sum(size_bytes) from public.workflow_versions
      where user_id = w.user_id and workflow_id = w.id)
  where user_id = w.user_id and id = w.id;
  select sum(size_bytes) into v_total from public.stored_workflows where user_id = w.user_id;
  if v_total > v_limit then
    perform app.refuse(413, 'storage_full',
      'This would pass the storage of your plan. Remove workflows or change the plan.',
      jsonb_build_object('usedBytes', v_total - v_bytes, 'limitBytes', v_limit,
        'neededBytes', v_bytes));
  end if;
end $$;
comment on function app.store_version(public.stored_workflows, text, uuid) is
  'Adds a version under the account''s lock, drops the 21st, and refuses with 413 beyond the '
  'plan''s bytes.';

create function app.save_workflow(
  p_id uuid, p_name text, p_document text, p_base_version int, p_device uuid
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person_in_good_standing();
  v_name text := app.clean_workflow_name(p_name);
  v_workflow public.stored_workflows;
  v_newest public.workflow_versions;
begin
  perform app.limit_rate('save_workflow', v_person.id);
  if octet_length(p_document) > 4 * 1024 * 1024 then
    perform app.refuse(413, 'document_too_large', 'A workflow may have 4 MB.');
  end if;
  begin
    if p_document is null or p_document is not json object then
      perform app.refuse(422, 'bad_document', 'A workflow''s document is a JSON object.');
    end if;
  exception when statement_too_complex then
    perform app.refuse(422, 'bad_document', 'The workflow''s document is nested too deeply.');
  end;
  select * into v_workflow from public.stored_workflows where user_id = v_person.id and id = p_id;
  if v_workflow.id is null and p_base_version > 0 then
    perform app.refuse(404, 'no_workflow', 'There is no such workflow in this account.');
  elsif v_workflow.id is null then
    if (select count(*) from public.stored_workflows where user_id = v_person.id) >= 1000 then
      perform app.refuse(413, 'too_many_workflows', 'An account holds 1000 workflows.');
    end if;
    insert into public.stored_workflows (id, user_id, name)
    values (coalesce(p_id, gen_random_uuid()), v_person.id, v_name) returning * into v_workflow;
  else
    select * into v_newest from public.workflow_versions
    where user_id = v_person.id and workflow_id = v_workflow.id
      and version = v_workflow.current_version;
    -- The same again, after a lost answer.
    if v_newest.document = p_document and v_workflow.name = v_name then
      return app.saved_brief(v_person.id, v_workflow.id);
    end if;
    if v_workflow.current_version is distinct from p_base_version then
      perform app.refuse(409, 'version_conflict', 'The workflow was changed on another device.',
        jsonb_build_object('version', v_workflow.current_version,
          'updatedAt', v_workflow.updated_at, 'device', (select name from public.devices
            where user_id = v_person.id and id = v_newest.device_id)));
    end if;
  end if;
  v_workflow.name := v_name;
  perform app.store_version(v_workflow, p_document, p_device);
  return app.saved_brief(v_person.id, v_workflow.id);
end $$;

create function app.saved_brief(person uuid, workflow uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('id', w.id, 'version', w.current_version, 'sizeBytes', v.size_bytes)
  from public.stored_workflows w
  join public.workflow_versions v
    on v.user_id = w.user_id and v.workflow_id = w.id and v.version = w.current_version
  where w.user_id = person and w.id = workflow
$$;

create function public.save_workflow(
  name text, document text, id uuid default null, base_version int default null,
  device uuid default null
) returns jsonb language sql security invoker set search_path = '' as $$
  select app.save_workflow(id, name, document, base_version, device)
$$;
comment on function public.save_workflow(text, text, uuid, int, uuid) is
  'Saves a version. Without an id (or with a new one, which makes a retry safe) a new workflow. '
  'base_version: what the document was opened at. → {id, version, sizeBytes}. 409 '
  'version_conflict {version, updatedAt, device|null}; 413 storage_full {usedBytes, limitBytes, '
  'neededBytes}, document_too_large, too_many_workflows; 403 suspended, unverified; 404 '
  'no_workflow; 422 bad_name, bad_document; 429 rate_limited.';

create function app.rename_workflow(p_id uuid, p_name text) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows
    := app.own_workflow((app.person_in_good_standing()).id, p_id);
begin
  update public.stored_workflows
  set name = app.clean_workflow_name(p_name), updated_at = app.now()
  where user_id = v_workflow.user_id and id = v_workflow.id;
end $$;
create function public.rename_workflow(id uuid, name text) returns void
language sql security invoker set search_path = '' as $$ select app.rename_workflow(id, name) $$;
comment on function public.rename_workflow(uuid, text) is
  'Renames without a new version. → nothing. 404 no_workflow; 422 bad_name.';

create function app.remove_workflow(p_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows := app.own_workflow((app.person()).id, p_id);
begin
  delete from public.stored_workflows where user_id = v_workflow.user_id and id = v_workflow.id;
  perform app.audit(v_workflow.user_id, 'workflow.removed');
end $$;
create function public.remove_workflow(id uuid) returns void
language sql security invoker set search_path = '' as $$ select app.remove_workflow(id) $$;
comment on function public.remove_workflow(uuid) is
  'Removes it with all versions. → nothing. 404 no_workflow.';

create function app.list_workflows() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
      'id', id, 'name', name, 'version', current_version, 'sizeBytes', size_bytes,
      'updatedAt', updated_at, 'shared', share_token is not null, 'shareToken', share_token)
    order by updated_at desc, id), '[]')
  from public.stored_workflows where user_id = (select (app.person()).id)
$$;
create function public.list_workflows() returns jsonb
language sql stable security invoker set search_path = '' as $$ select app.list_workflows() $$;
comment on function public.list_workflows() is
  '→ [{id, name, version, sizeBytes (all versions), updatedAt, shared, shareToken|null}], newest '
  'first.';

create function app.open_workflow(p_id uuid, p_version int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows := app.own_workflow((app.person()).id, p_id);
  v_document text;
begin
  select document into v_document from public.workflow_versions
  where user_id = v_workflow.user_id and workflow_id = v_workflow.id
    and version = coalesce(p_version, v_workflow.current_version);
  if v_document is null then
    perform app.refuse(404, 'no_version', 'This version is not kept any more.');
  end if;
  return jsonb_build_object('id', v_workflow.id, 'name', v_workflow.name,
    'version', coalesce(p_version, v_workflow.current_version), 'document', v_document);
end $$;
create function public.open_workflow(id uuid, version int default null) returns jsonb
language sql security invoker set search_path = '' as $$ select app.open_workflow(id, version) $$;
comment on function public.open_workflow(uuid, int) is
  'The newest version, or the one named. → {id, name, version, document: text}. 404 no_workflow, '
  'no_version.';

create function app.workflow_history(p_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows := app.own_workflow((app.person()).id, p_id);
begin
  return (select coalesce(jsonb_agg(jsonb_build_object(
        'version', v.version, 'sizeBytes', v.size_bytes, 'createdAt', v.created_at,
        'device', d.name) order by v.version desc), '[]')
    from public.workflow_versions v
    left join public.devices d on d.user_id = v.user_id and d.id = v.device_id
    where v.user_id = v_workflow.user_id and v.workflow_id = v_workflow.id);
end $$;
create function public.workflow_history(id uuid) returns jsonb
language sql security invoker set search_path = '' as $$ select app.workflow_history(id) $$;
comment on function public.workflow_history(uuid) is
  '→ [{version, sizeBytes, createdAt, device|null}], newest first, at most 20. 404 no_workflow.';

create function app.share_workflow(p_id uuid) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person_in_good_standing();
  v_workflow public.stored_workflows := app.own_workflow(v_person.id, p_id);
  v_token text := translate(encode(extensions.gen_random_bytes(24), 'base64'), '+/', '-_');
begin
  perform app.limit_rate('share_workflow', v_person.id);
  if v_workflow.share_token is not null then return v_workflow.share_token; end if;
  update public.stored_workflows set share_token = v_token, shared_at = app.now()
  where user_id = v_person.id and id = v_workflow.id;
  perform app.audit(v_person.id, 'workflow.shared', jsonb_build_object('workflow', p_id));
  return v_token;
end $$;
create function public.share_workflow(id uuid) returns text
language sql security invoker set search_path = '' as $$ select app.share_workflow(id) $$;
comment on function public.share_workflow(uuid) is
  '→ the token of the link: 32 characters, 192 random bits; the same while it is shared. 404 '
  'no_workflow; 403 suspended.';

create function app.unshare_workflow(p_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_workflow public.stored_workflows := app.own_workflow((app.person()).id, p_id);
begin
  update public.stored_workflows set share_token = null, shared_at = null
  where user_id = v_workflow.user_id and id = v_workflow.id;
  if v_workflow.share_token is not null then
    perform app.audit(v_workflow.user_id, 'workflow.unshared',
      jsonb_build_object('workflow', p_id));
  end if;
end $$;
create function public.unshare_workflow(id uuid) returns void
language sql security invoker set search_path = '' as $$ select app.unshare_workflow(id) $$;
comment on function public.unshare_workflow(uuid) is
  'The link ends for good: sharing again makes another. → nothing. 404 no_workflow.';

create function app.shared_workflow(p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_shared jsonb;
begin
  select jsonb_build_object('name', w.name, 'document', v.document) into v_shared
  from public.stored_workflows w
  join public.workflow_versions v
    on v.user_id = w.user_id and v.workflow_id = w.id and v.version = w.current_version
  join public.profiles p on p.id = w.user_id and p.suspended_at is null
  where w.share_token = p_token and not exists (select from public.deletion_requests d
    where d.user_id = w.user_id and d.cancelled_at is null);
  if v_shared is null then
    perform app.refuse(404, 'not_shared', 'This link does not lead to a workflow any more.');
  end if;
  return v_shared;
end $$;
create function public.shared_workflow(token text) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select app.shared_workflow(token)
$$;
comment on function public.shared_workflow(text) is
  'For anyone with the link. → {name, document: text}. 404 not_shared, also while the owner is '
  'suspended or leaving.';
