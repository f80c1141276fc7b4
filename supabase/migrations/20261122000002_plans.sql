-- Plans are rows: limits and prices change here, never in the app. A null limit is unlimited.

create table public.plans (
  id text primary key check (id ~ '^[a-z0-9_]{1,40}$'),
  name text not null,
  description text not null default '',
  price_cents int not null default 0 check (price_cents >= 0),
  currency text not null default 'eur' check (currency ~ '^[a-z]{3}$'),
  interval text check (interval in ('month', 'year')),
  stripe_price_id text unique,
  trial_workflows int check (trial_workflows >= 0),
  monthly_workflows int check (monthly_workflows >= 0),
  storage_bytes bigint check (storage_bytes >= 0),
  ai_generations int check (ai_generations >= 0),
  offline_grace int not null default 0 check (offline_grace >= 0),
  lease_units int not null default 10 check (lease_units > 0),
  past_due_grace_days int not null default 7 check (past_due_grace_days >= 0),
  sort int not null default 0,
  active boolean not null default true
);
comment on table public.plans is
  'What can be subscribed to. `free` is what an account without a subscription has. [person: '
  'none; erasure: none; retention: forever]';
comment on column public.plans.id is 'privacy: none';
comment on column public.plans.name is 'privacy: none';
comment on column public.plans.description is 'privacy: none';
comment on column public.plans.currency is 'privacy: none';
comment on column public.plans.interval is 'privacy: none';
comment on column public.plans.stripe_price_id is
  'The price that Checkout sells now, set by the deployment. Subscriptions at older prices keep '
  'their plan. privacy: none';
comment on column public.plans.trial_workflows is
  'Runs before a subscription, once in an account''s life.';
comment on column public.plans.monthly_workflows is 'Runs a month of a subscription.';
comment on column public.plans.offline_grace is
  'Runs above the limit that devices may hold while others, which may be offline, hold the rest.';
comment on column public.plans.lease_units is 'The most runs one device may hold unreported.';

alter table public.plans enable row level security;
create policy "Visitors read the plans on offer" on public.plans
  for select to anon using (active);
create policy "People read the plans on offer" on public.plans
  for select to authenticated using (active);
grant select on public.plans to anon, authenticated;
grant select, insert, update, delete on public.plans to service_role;

insert into public.plans
  (id, name, description, price_cents, interval, trial_workflows, monthly_workflows,
   storage_bytes, ai_generations, offline_grace, lease_units, sort)
values
  ('free', 'Free', 'Try ComfyRunner with an account.', 0, null, 50, null,
   5 * 1000 * 1000, 10, 10, 5, 0),
  ('plus', 'Plus', 'For regular work on one or two machines.', 900, 'month', null, 1000,
   100 * 1000 * 1000, 100, 50, 50, 1),
  ('pro', 'Pro', 'For studios and long queues.', 2900, 'month', null, 10000,
   1000 * 1000 * 1000, 1000, 200, 200, 2);
