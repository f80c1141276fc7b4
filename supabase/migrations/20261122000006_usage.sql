-- Devices, what they may run, and what they ran. usage_sync.sql tells how it is counted.

create table public.devices (
  id uuid not null,
  user_id uuid not null references auth.users on delete cascade,
  name text not null check (char_length(name) <= 100),
  created_at timestamptz not null default app.now(),
  last_seen_at timestamptz not null default app.now(),
  revoked_at timestamptz,
  primary key (user_id, id)
);
create index devices_last_seen_at on public.devices (last_seen_at);
comment on table public.devices is
  'Where a person signed in. The id is the device''s own, the same for two people on one machine. '
  '[person: user_id; erasure: delete; retention: 400 days after last_seen_at]';
comment on column public.devices.id is 'privacy: export, erase; retention: row';
comment on column public.devices.user_id is 'privacy: export, erase; retention: row';
comment on column public.devices.name is 'privacy: export, erase; retention: row';

alter table public.devices enable row level security;
create policy "People read their own devices" on public.devices
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.devices to authenticated;
grant select, insert, update, delete on public.devices to service_role;

create table public.usage_periods (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  kind text not null check (kind in ('trial', 'subscription')),
  period_start timestamptz not null,
  period_end timestamptz check ((period_end is null) = (kind = 'trial')),
  workflows int not null default 0,
  ai_generations int not null default 0,
  unique (user_id, kind, period_start)
);
create index usage_periods_period_end on public.usage_periods (period_end);
comment on table public.usage_periods is
  'What was counted, by period. [person: user_id; erasure: delete; retention: 800 days after '
  'period_end]';
comment on column public.usage_periods.id is 'privacy: export, erase; retention: row';
comment on column public.usage_periods.user_id is 'privacy: export, erase; retention: row';
comment on column public.usage_periods.kind is 'privacy: export, erase; retention: row';

alter table public.usage_periods enable row level security;
create policy "People read their own usage" on public.usage_periods
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.usage_periods to authenticated;
grant select, insert, update, delete on public.usage_periods to service_role;

create table public.usage_leases (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  device_id uuid,
  period_id uuid not null references public.usage_periods on delete cascade,
  units int not null check (units >= 0),
  used int not null default 0 check (used >= 0),
  returned int not null default 0 check (returned >= 0),
  created_at timestamptz not null default app.now(),
  closed_at timestamptz,
  foreign key (user_id, device_id) references public.devices (user_id, id)
    on delete set null (device_id)
);
create index usage_leases_period_id on public.usage_leases (period_id);
create index usage_leases_device_id on public.usage_leases (user_id, device_id);
create unique index usage_leases_open on public.usage_leases (device_id, user_id, period_id)
  where closed_at is null;
comment on table public.usage_leases is
  'Runs a device may make before it reports. [person: user_id; erasure: delete; retention: with '
  'public.usage_periods]';
comment on column public.usage_leases.id is 'privacy: export, erase; retention: row';
comment on column public.usage_leases.user_id is 'privacy: export, erase; retention: row';
comment on column public.usage_leases.device_id is 'privacy: export, erase; retention: row';
comment on column public.usage_leases.period_id is 'privacy: export, erase; retention: row';
comment on column public.usage_leases.used is
  'Events counted on it. More than units: see the audit log.';

alter table public.usage_leases enable row level security;
create policy "People read their own leases" on public.usage_leases
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.usage_leases to authenticated;
grant select, insert, update, delete on public.usage_leases to service_role;

-- The table with many rows: it hangs on its period alone, which hangs on the person.
create table public.usage_events (
  user_id uuid not null,
  id uuid not null,
  lease_id uuid,
  device_id uuid,
  period_id uuid not null references public.usage_periods on delete cascade,
  kind text not null check (kind in ('workflow', 'ai')),
  occurred_at timestamptz not null,
  received_at timestamptz not null default app.now(),
  primary key (user_id, id)
);
create index usage_events_period_id on public.usage_events (period_id);
create index usage_events_received_at on public.usage_events (received_at);
comment on table public.usage_events is
  'One row a run: that it happened, never what it was. Summed up in usage_periods. [person: '
  'user_id; erasure: delete; retention: 400 days after received_at]';
comment on column public.usage_events.user_id is 'privacy: export, erase; retention: row';
comment on column public.usage_events.id is 'privacy: export, erase; retention: row';
comment on column public.usage_events.lease_id is 'privacy: export, erase; retention: row';
comment on column public.usage_events.device_id is 'privacy: export, erase; retention: row';
comment on column public.usage_events.period_id is 'privacy: export, erase; retention: row';
comment on column public.usage_events.kind is 'privacy: export, erase; retention: row';
comment on column public.usage_events.occurred_at is
  'By the device''s clock: for information only.';

alter table public.usage_events enable row level security;
create policy "People read their own events" on public.usage_events
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.usage_events to authenticated;
grant select, insert, update, delete on public.usage_events to service_role;
