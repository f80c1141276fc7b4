-- Counting runs, exactly, with devices that may be offline for weeks.
--
-- A device runs only on units of a lease it holds. Per period, under the account's lock,
--     counted + outstanding <= limit + offline_grace
-- where outstanding is what leases still hold (units - used - returned). An event belongs to its
-- lease's period, whatever the device's clock says, and its id counts once. A lost device's units
-- stay reserved until the period ends: otherwise one could run offline and deny it.

create function app.touch_device(person uuid, device uuid, device_name text)
returns public.devices language plpgsql security definer set search_path = '' as $$
declare
  v_device public.devices;
  v_name text := left(coalesce(nullif(trim(device_name), ''), 'Unnamed device'), 100);
begin
  insert into public.devices as d (id, user_id, name) values (device, person, v_name)
  on conflict (user_id, id) do update set name = v_name, last_seen_at = app.now()
  returning * into v_device;
  if (select count(*) filter (where revoked_at is null) > 200 or count(*) > 1000
    from public.devices where user_id = person) then
    perform app.refuse(409, 'too_many_devices', 'Sign out on a device you no longer use first.');
  end if;
  return v_device;
end $$;

create type app.counted as (accepted int, stray int, beyond int);

create function app.count_events(person uuid, period uuid, device uuid, events jsonb)
returns app.counted language plpgsql security definer set search_path = '' as $$
declare
  v_now timestamptz := app.now();
  v_counted app.counted;
begin
  with incoming as (
    select distinct on (e.id) e.* from jsonb_to_recordset(events)
      as e(id uuid, lease uuid, kind text, "occurredAt" timestamptz)
  ), counted as (
    insert into public.usage_events
      (user_id, id, lease_id, device_id, period_id, kind, occurred_at, received_at)
    select person, i.id, l.id, device, coalesce(l.period_id, period), coalesce(i.kind, 'workflow'),
      coalesce(least(greatest(i."occurredAt", '2000-01-01'), '2200-01-01'), v_now), v_now
    from incoming i
    left join public.usage_leases l on l.id = i.lease and l.user_id = person
    on conflict (user_id, id) do nothing
    returning lease_id, period_id, kind
  ), leases as (
    update public.usage_leases l set used = l.used + c.runs
    from (select lease_id, count(*)::int as runs from counted group by lease_id) c
    where l.id = c.lease_id
    returning greatest(l.used - greatest(l.units - l.returned, l.used - c.runs), 0) as beyond
  ), periods as (
    update public.usage_periods p
    set workflows = p.workflows + c.workflows, ai_generations = p.ai_generations + c.ai
    from (select period_id, count(*) filter (where kind = 'workflow')::int as workflows,
        count(*) filter (where kind = 'ai')::int as ai
      from counted group by period_id) c
    where p.id = c.period_id
    returning p.id
  )
  select count(*), count(*) filter (where lease_id is null),
    coalesce((select sum(beyond) from leases), 0)
  into v_counted from counted;
  if v_counted.stray + v_counted.beyond > 0 then
    perform app.audit(person, 'usage.beyond_lease',
      jsonb_build_object('withoutLease', v_counted.stray, 'beyondUnits', v_counted.beyond));
  end if;
  return v_counted;
exception
  when data_exception or check_violation or not_null_violation then
    perform app.refuse(422, 'bad_events',
      'events must be [{id, lease, kind: workflow|ai, occurredAt}].');
end $$;
comment on function app.count_events(uuid, uuid, uuid, jsonb) is
  'Counts what has not been counted. Events without a known lease count in the present period.';

create function app.take_back(person uuid, give_back jsonb) returns void
language plpgsql security definer set search_path = '' as $$
begin
  -- Once a lease, so that a batch sent twice gives back once.
  update public.usage_leases l
  set returned = greatest(least(g.units, l.units - l.used), 0),
    closed_at = coalesce(l.closed_at, app.now())
  from (select lease, max(units) as units from jsonb_to_recordset(give_back)
    as g(lease uuid, units int) group by lease) g
  where l.id = g.lease and l.user_id = person and l.returned = 0;
exception
  when data_exception then
    perform app.refuse(422, 'bad_give_back', 'give_back must be [{lease, units}].');
end $$;
comment on function app.take_back(uuid, jsonb) is
  'Closes leases; `units` of each were not used and will not be. The rest stays reserved for '
  'events still on their way.';

create function app.capacity(
  allowed int, grace int, counted int, outstanding int, own int
) returns int language plpgsql immutable set search_path = '' as $$
begin
  return case
    when allowed is null then 2147483647
    when counted >= allowed then 0
    when counted + outstanding < allowed then allowed - counted - outstanding
    -- The rest of the limit lies with other devices, which may be offline: now the grace.
    when outstanding > own then greatest(allowed + grace - counted - outstanding, 0)
    else 0 end;
end $$;
comment on function app.capacity(int, int, int, int, int) is
  'How many more units may be given out; `own` is what the asking device holds.';

create function app.hold_units(
  period public.usage_periods, device public.devices, e app.entitlement, elsewhere int, want int
) returns public.usage_leases language plpgsql security definer set search_path = '' as $$
declare
  v_lease public.usage_leases;
  v_own int;
  v_more int;
begin
  select * into v_lease from public.usage_leases l
  where l.user_id = device.user_id and l.device_id = device.id and l.period_id = period.id
    and l.closed_at is null;
  v_own := coalesce(greatest(v_lease.units - v_lease.used, 0), 0);
  v_more := least(
    greatest(least(want, e.lease_units) - v_own, 0),
    app.capacity(e.workflow_limit, e.offline_grace, period.workflows + elsewhere,
      app.outstanding(period.id), v_own));
  if v_more = 0 or device.revoked_at is not null then return v_lease; end if;
  if v_lease.id is null then
    insert into public.usage_leases (user_id, device_id, period_id, units)
    values (device.user_id, device.id, period.id, v_more) returning * into v_lease;
  else
    update public.usage_leases set units = greatest(units, used) + v_more where id = v_lease.id
    returning * into v_lease;
  end if;
  return v_lease;
end $$;
comment on function app.hold_units(
  public.usage_periods, public.devices, app.entitlement, int, int
) is
  'The device''s open lease, or null, with `want` unused units on it as far as limits allow. It '
  'says what the device shall hold, so asking again after a lost answer gives nothing more.';

create function app.usage_sync(
  p_device uuid, p_device_name text, p_events jsonb, p_want int, p_give_back jsonb
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person_in_good_standing();
  v_now timestamptz := app.now();
  v_entitled app.entitlement := app.entitlement_of(v_person.id, v_now);
  v_elsewhere int := 0;
  v_device public.devices;
  v_period public.usage_periods;
  v_counted app.counted;
  v_lease public.usage_leases;
begin
  perform app.limit_rate('usage_sync', v_person.id);
  if p_device is null or jsonb_typeof(p_events) <> 'array' or jsonb_typeof(p_give_back) <> 'array'
    or jsonb_array_length(p_events) > 1000 or jsonb_array_length(p_give_back) > 100 then
    perform app.refuse(422, 'bad_batch',
      'A batch names a device and has at most 1000 events and 100 leases to give back.');
  end if;
  v_device := app.touch_device(v_person.id, p_device, p_device_name);
  if v_entitled.kind = 'trial' then
    perform app.claim_trial(v_person.id);
    v_elsewhere := app.trial_used_elsewhere(v_person.id);
  end if;
  v_period := app.open_period(v_person.id, v_entitled);
  v_counted := app.count_events(v_person.id, v_period.id, p_device, p_events);
  perform app.take_back(v_person.id, p_give_back);
  update public.usage_leases set closed_at = v_now
  where user_id = v_person.id and device_id = p_device and closed_at is null
    and period_id <> v_period.id;
  select * into strict v_period from public.usage_periods where id = v_period.id;
  v_lease := app.hold_units(v_period, v_device, v_entitled, v_elsewhere, p_want);

  return jsonb_build_object(
    'accepted', v_counted.accepted,
    'duplicate', jsonb_array_length(p_events) - v_counted.accepted,
    'lease', case when v_lease.id is not null then jsonb_build_object(
      'id', v_lease.id, 'units', v_lease.units, 'used', v_lease.used) end,
    'usage', app.usage_brief(v_entitled, v_period, v_elsewhere),
    'limitReached', coalesce(v_lease.used >= v_lease.units, true) and app.capacity(
      v_entitled.workflow_limit, v_entitled.offline_grace, v_period.workflows + v_elsewhere,
      app.outstanding(v_period.id), 0) = 0,
    'deviceRevoked', v_device.revoked_at is not null);
end $$;

create function app.usage_brief(
  e app.entitlement, period public.usage_periods, elsewhere int
) returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object(
    'kind', e.kind, 'periodStart', e.period_start, 'periodEnd', e.period_end,
    'used', coalesce(period.workflows, 0) + elsewhere, 'limit', e.workflow_limit,
    'aiUsed', coalesce(period.ai_generations, 0), 'aiLimit', e.ai_limit);
end $$;

create function public.usage_sync(
  device uuid, device_name text default null, events jsonb default '[]', want int default 0,
  give_back jsonb default '[]'
) returns jsonb language sql security invoker set search_path = '' as $$
  select app.usage_sync(device, device_name, coalesce(events, '[]'), coalesce(want, 0),
    coalesce(give_back, '[]'))
$$;
comment on function public.usage_sync(uuid, text, jsonb, int, jsonb) is
  'Reports runs and asks for more. events [{id, lease, kind: workflow|ai, occurredAt}] at most '
  '1000; want: units the device would like to hold unused; give_back [{lease, units}]: closes the '
  'lease, units unused (after an answered sync: the device must know how many it holds). → '
  '{accepted, duplicate, lease: {id, units, used}|null, usage: {kind: trial|subscription, '
  'periodStart, periodEnd|null, used, limit|null, aiUsed, aiLimit|null}, limitReached, '
  'deviceRevoked}. The device may run while its own count on the lease is below units; the '
  'lease''s units grow, and its id stays, while the period lasts. 401 signed_out; 403 suspended '
  '{since, reason}, unverified; 409 too_many_devices; 422 bad_batch, bad_events, bad_give_back; '
  '429 rate_limited {resetSeconds}.';

create function app.revoke_device(p_device uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person();
begin
  update public.devices set revoked_at = app.now()
  where user_id = v_person.id and id = p_device and revoked_at is null;
  if not found then
    perform app.refuse(404, 'no_device', 'There is no such device in this account.');
  end if;
  -- Its units are not given back: it may have run on them.
  update public.usage_leases set closed_at = app.now()
  where user_id = v_person.id and device_id = p_device and closed_at is null;
  perform app.audit(v_person.id, 'device.revoked', jsonb_build_object('device', p_device));
end $$;
create function public.revoke_device(device uuid) returns void
language sql security invoker set search_path = '' as $$ select app.revoke_device(device) $$;
comment on function public.revoke_device(uuid) is
  'The device gets no more units; what it reports still counts. → nothing. 404 no_device.';

create function app.roll_periods(at timestamptz default app.now()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_person uuid;
  v_entitled app.entitlement;
  v_closed int;
  v_opened int := 0;
begin
  update public.usage_leases l set closed_at = at from public.usage_periods p
  where p.id = l.period_id and p.period_end <= at and l.closed_at is null;
  get diagnostics v_closed = row_count;
  for v_person in
    select distinct s.user_id from public.subscriptions s
    where s.ended_at is null and (app.live_subscription(s.user_id, at)).id is not null
  loop
    v_entitled := app.entitlement_of(v_person, at);
    if not exists (select from public.usage_periods where user_id = v_person
      and kind = v_entitled.kind and period_start = v_entitled.period_start) then
      perform app.open_period(v_person, v_entitled);
      v_opened := v_opened + 1;
    end if;
  end loop;
  return jsonb_build_object('closedLeases', v_closed, 'openedPeriods', v_opened);
end $$;
comment on function app.roll_periods(timestamptz) is
  'Closes leases of periods that are over and opens the present ones. Nothing depends on when it '
  'runs. → {closedLeases, openedPeriods}.';
