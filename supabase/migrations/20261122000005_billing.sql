-- What Stripe says, kept in rows. The functions fetch an object from Stripe and hand it over as it
-- is; an older copy never overwrites a newer one, so deliveries may come twice, late, in any order.

create table app.billing_customers (
  user_id uuid primary key references auth.users on delete cascade,
  stripe_customer_id text not null unique
);
alter table app.billing_customers enable row level security;
comment on table app.billing_customers is
  'Who is which Stripe customer. [person: user_id; erasure: delete; retention: account]';
comment on column app.billing_customers.user_id is 'privacy: export, erase; retention: row';
comment on column app.billing_customers.stripe_customer_id is
  'privacy: export, erase; retention: row';

create table public.subscriptions (
  id text primary key,
  user_id uuid not null references auth.users on delete cascade,
  plan_id text not null references public.plans on update cascade,
  status text not null,
  price_id text,
  amount_cents int,
  currency text,
  interval text,
  current_period_start timestamptz not null,
  current_period_end timestamptz not null,
  cancel_at_period_end boolean not null default false,
  trial_end timestamptz,
  past_due_since timestamptz,
  ended_at timestamptz,
  created_at timestamptz not null,
  synced_at timestamptz not null
);
create index subscriptions_user_id on public.subscriptions (user_id, created_at desc);
create index subscriptions_plan_id on public.subscriptions (plan_id);
create index subscriptions_ended_at on public.subscriptions (ended_at);
comment on table public.subscriptions is
  'Stripe''s subscriptions, in Stripe''s words. [person: user_id; erasure: delete; retention: 800 '
  'days after ended_at]';
comment on column public.subscriptions.id is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.user_id is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.plan_id is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.status is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.price_id is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.currency is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.interval is 'privacy: export, erase; retention: row';
comment on column public.subscriptions.synced_at is
  'When the copy of Stripe''s object was fetched.';

alter table public.subscriptions enable row level security;
create policy "People read their own subscriptions" on public.subscriptions
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.subscriptions to authenticated;
grant select, insert, update, delete on public.subscriptions to service_role;

-- Receipts outlive the account, as tax law has it, but not the person's name on them.
create table public.invoices (
  id text primary key,
  user_id uuid references auth.users on delete set null,
  subscription_id text,
  number text,
  status text not null,
  amount_paid_cents int not null default 0,
  amount_refunded_cents int not null default 0,
  currency text not null,
  hosted_url text,
  pdf_url text,
  created_at timestamptz not null,
  synced_at timestamptz not null
);
create index invoices_user_id on public.invoices (user_id, created_at desc);
create index invoices_created_at on public.invoices (created_at);
comment on table public.invoices is
  'Receipts. [person: user_id; erasure: anonymise; retention: 3650 days after created_at]';
comment on column public.invoices.id is 'privacy: export, keep; retention: row';
comment on column public.invoices.user_id is 'privacy: export, anonymise; retention: row';
comment on column public.invoices.subscription_id is 'privacy: export, anonymise; retention: row';
comment on column public.invoices.number is 'privacy: export, keep; retention: row';
comment on column public.invoices.status is 'privacy: export, keep; retention: row';
comment on column public.invoices.currency is 'privacy: export, keep; retention: row';
comment on column public.invoices.hosted_url is 'privacy: export, anonymise; retention: row';
comment on column public.invoices.pdf_url is 'privacy: export, anonymise; retention: row';

alter table public.invoices enable row level security;
create policy "People read their own invoices" on public.invoices
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.invoices to authenticated;
grant select, insert, update, delete on public.invoices to service_role;

create table app.stripe_events (
  id text primary key,
  type text not null,
  object_id text,
  created_at timestamptz not null,
  received_at timestamptz not null default app.now(),
  processed_at timestamptz,
  attempts int not null default 1,
  error text check (char_length(error) <= 300)
);
create index stripe_events_received_at on app.stripe_events (received_at);
create index stripe_events_object_id on app.stripe_events (object_id);
alter table app.stripe_events enable row level security;
comment on table app.stripe_events is
  'Webhook events that came in. [person: none; erasure: none; retention: 90 days after '
  'received_at]';
comment on column app.stripe_events.id is 'privacy: internal, keep; retention: row';
comment on column app.stripe_events.type is 'privacy: internal, keep; retention: row';
comment on column app.stripe_events.object_id is 'privacy: internal, keep; retention: row';
comment on column app.stripe_events.error is
  'Our own error, never the event''s content. privacy: internal, keep; retention: row';

create function app.claim_stripe_event(id text, type text, object_id text, created timestamptz)
returns boolean language sql security definer set search_path = '' as $$
  insert into app.stripe_events as e (id, type, object_id, created_at)
  values (id, type, object_id, created)
  on conflict on constraint stripe_events_pkey
  do update set attempts = e.attempts + 1 where e.processed_at is null
  returning true
$$;
comment on function app.claim_stripe_event(text, text, text, timestamptz) is
  'Call it first in the transaction of the event''s effects. → true: process it now; null: done '
  'before. A second delivery waits here until the first has committed.';

create function app.finish_stripe_event(id text) returns void
language sql security definer set search_path = '' as $$
  update app.stripe_events e set processed_at = app.now(), error = null
  where e.id = finish_stripe_event.id
$$;
comment on function app.finish_stripe_event(text) is 'The event''s effects commit with this.';

create function app.fail_stripe_event(
  id text, type text, object_id text, created timestamptz, error text
) returns void language sql security definer set search_path = '' as $$
  insert into app.stripe_events as e (id, type, object_id, created_at, error)
  values (id, type, object_id, created, left(error, 300))
  on conflict on constraint stripe_events_pkey
  do update set attempts = e.attempts + 1, error = excluded.error where e.processed_at is null
$$;
comment on function app.fail_stripe_event(text, text, text, timestamptz, text) is
  'After a roll-back: notes why, and leaves the event to be delivered or reconciled again.';

create function app.billing_customer(person uuid) returns text
language sql stable security definer set search_path = '' as $$
  select stripe_customer_id from app.billing_customers where user_id = person
$$;
comment on function app.billing_customer(uuid) is '→ Stripe''s customer id, or null.';

create function app.link_billing_customer(person uuid, customer text) returns text
language sql security definer set search_path = '' as $$
  insert into app.billing_customers as c (user_id, stripe_customer_id) values (person, customer)
  on conflict (user_id) do update set stripe_customer_id = c.stripe_customer_id
  returning stripe_customer_id
$$;
comment on function app.link_billing_customer(uuid, text) is
  'Remembers the customer unless there is one. → the customer id that counts.';

create function app.person_of_customer(customer text, named text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_person uuid;
begin
  select user_id into v_person from app.billing_customers where stripe_customer_id = customer;
  if v_person is null and customer is not null and pg_input_is_valid(named, 'uuid') then
    select id into v_person from public.profiles where id = named::uuid;
    if v_person is not null then perform app.link_billing_customer(v_person, customer); end if;
  end if;
  return v_person;
end $$;
comment on function app.person_of_customer(text, text) is
  'Who a Stripe customer is; else who metadata.user_id names. Null for someone erased.';

-- An id, or an object with one: Stripe's fields are either, as expanded.
create function app.stripe_id(field jsonb) returns text
language sql immutable set search_path = '' as $$
  select case jsonb_typeof(field) when 'object' then field ->> 'id' else field #>> '{}' end
$$;

create function app.stripe_time(field jsonb) returns timestamptz
language sql immutable set search_path = '' as $$
  select to_timestamp((field #>> '{}')::bigint)
$$;

create function app.plan_of_price(subscription jsonb, price jsonb) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce(
    (select id from public.plans where stripe_price_id = app.stripe_id(price)),
    (select id from public.plans where id = price #>> '{metadata,plan_id}'),
    -- A price that was replaced since: who pays it keeps the plan.
    (select plan_id from public.subscriptions
      where id = subscription ->> 'id' and price_id = app.stripe_id(price)),
    (select plan_id from public.subscriptions
      where price_id = app.stripe_id(price) order by created_at desc limit 1),
    (select id from public.plans where id = subscription #>> '{metadata,plan_id}'))
$$;

create function app.apply_subscription(
  subscription jsonb, fetched_at timestamptz default app.now()
) returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_item jsonb := subscription #> '{items,data,0}';
  v_price jsonb := v_item -> 'price';
  v_status text := subscription ->> 'status';
  v_ends timestamptz := app.stripe_time(coalesce(
    v_item -> 'current_period_end', subscription -> 'current_period_end'));
  v_person uuid := app.person_of_customer(
    app.stripe_id(subscription -> 'customer'), subscription #>> '{metadata,user_id}');
  v_plan text := app.plan_of_price(subscription, v_price);
  v_invoice jsonb := subscription -> 'latest_invoice';
  v_before public.subscriptions;
  v_after public.subscriptions;
begin
  if v_person is null then
    return jsonb_build_object('applied', false, 'reason', 'unknown_customer');
  end if;
  perform from public.profiles where id = v_person for no key update;
  select * into v_before from public.subscriptions where id = subscription ->> 'id';
  if v_before.synced_at > fetched_at then
    return jsonb_build_object('applied', false, 'reason', 'older_copy', 'userId', v_person);
  end if;
  if v_plan is null then
    perform app.refuse(422, 'unknown_price', 'No plan has this price.',
      jsonb_build_object('price', app.stripe_id(v_price)));
  end if;
  insert into public.subscriptions as s (
    id, user_id, plan_id, status, price_id, amount_cents, currency, interval,
    current_period_start, current_period_end, cancel_at_period_end, trial_end, past_due_since,
    ended_at, created_at, synced_at)
  values (
    subscription ->> 'id', v_person, v_plan, v_status, app.stripe_id(v_price),
    (v_price ->> 'unit_amount')::int, v_price ->> 'currency', v_price #>> '{recurring,interval}',
    app.stripe_time(coalesce(
      v_item -> 'current_period_start', subscription -> 'current_period_start')),
    v_ends,
    coalesce((subscription ->> 'cancel_at_period_end')::boolean, false)
      or coalesce(app.stripe_time(nullif(subscription -> 'cancel_at', 'null')) <= v_ends, false),
    app.stripe_time(nullif(subscription -> 'trial_end', 'null')),
    case when v_status = 'past_due' then coalesce(
      app.stripe_time(v_invoice -> 'created'), v_before.past_due_since, fetched_at) end,
    app.stripe_time(nullif(subscription -> 'ended_at', 'null')),
    coalesce(app.stripe_time(subscription -> 'created'), fetched_at), fetched_at)
  on conflict (id) do update set
    plan_id = excluded.plan_id, status = excluded.status, price_id = excluded.price_id,
    amount_cents = excluded.amount_cents, currency = excluded.currency,
    interval = excluded.interval, current_period_start = excluded.current_period_start,
    current_period_end = excluded.current_period_end,
    cancel_at_period_end = excluded.cancel_at_period_end, trial_end = excluded.trial_end,
    past_due_since = excluded.past_due_since, ended_at = excluded.ended_at,
    synced_at = excluded.synced_at
  returning * into v_after;
  if (v_before.status, v_before.plan_id, v_before.cancel_at_period_end)
    is distinct from (v_after.status, v_after.plan_id, v_after.cancel_at_period_end) then
    perform app.audit(v_person, 'subscription.changed', jsonb_build_object(
      'from', v_before.status, 'to', v_after.status,
      'fromPlan', v_before.plan_id, 'toPlan', v_after.plan_id,
      'ends', v_after.cancel_at_period_end));
  end if;
  return jsonb_build_object('applied', true, 'userId', v_person,
    'before', app.subscription_brief(v_before), 'after', app.subscription_brief(v_after));
end $$;
comment on function app.apply_subscription(jsonb, timestamptz) is
  'Stripe''s subscription object as fetched at `fetched_at` (the moment before the request). → '
  '{applied: true, userId, before: brief|null, after: brief} or {applied: false, reason: '
  'unknown_customer|older_copy}; brief = {id, status, planId, amountCents, currency, interval, '
  'currentPeriodStart, currentPeriodEnd, cancelAtPeriodEnd, pastDueSince, trialEnd}. 422 '
  'unknown_price. The plan is found by plans.stripe_price_id, price.metadata.plan_id, earlier '
  'subscriptions at that price, then subscription.metadata.plan_id.';

create function app.subscription_brief(s public.subscriptions) returns jsonb
language sql immutable set search_path = '' as $$
  select case when s.id is not null then jsonb_build_object(
    'id', s.id, 'status', s.status, 'planId', s.plan_id, 'amountCents', s.amount_cents,
    'currency', s.currency, 'interval', s.interval,
    'currentPeriodStart', s.current_period_start, 'currentPeriodEnd', s.current_period_end,
    'cancelAtPeriodEnd', s.cancel_at_period_end, 'pastDueSince', s.past_due_since,
    'trialEnd', s.trial_end) end
$$;

create function app.apply_invoice(invoice jsonb, fetched_at timestamptz default app.now())
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_person uuid := app.person_of_customer(
    app.stripe_id(invoice -> 'customer'), invoice #>> '{metadata,user_id}');
  v_before public.invoices;
  v_after public.invoices;
begin
  if v_person is null then
    return jsonb_build_object('applied', false, 'reason', 'unknown_customer');
  end if;
  perform from public.profiles where id = v_person for no key update;
  select * into v_before from public.invoices where id = invoice ->> 'id';
  if v_before.synced_at > fetched_at then
    return jsonb_build_object('applied', false, 'reason', 'older_copy', 'userId', v_person);
  end if;
  insert into public.invoices as i (
    id, user_id, subscription_id, number, status, amount_paid_cents, amount_refunded_cents,
    currency, hosted_url, pdf_url, created_at, synced_at)
  values (
    invoice ->> 'id', v_person,
    app.stripe_id(coalesce(nullif(invoice -> 'subscription', 'null'),
      invoice #> '{parent,subscription_details,subscription}')),
    invoice ->> 'number', invoice ->> 'status',
    coalesce((invoice ->> 'amount_paid')::int, 0),
    coalesce((invoice ->> 'amount_refunded')::int, 0), invoice ->> 'currency',
    invoice ->> 'hosted_invoice_url', invoice ->> 'invoice_pdf',
    coalesce(app.stripe_time(invoice -> 'created'), fetched_at), fetched_at)
  on conflict (id) do update set
    subscription_id = excluded.subscription_id, number = excluded.number,
    status = excluded.status, amount_paid_cents = excluded.amount_paid_cents,
    amount_refunded_cents = greatest(i.amount_refunded_cents, excluded.amount_refunded_cents),
    hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url, synced_at = excluded.synced_at
  returning * into v_after;
  return jsonb_build_object('applied', true, 'userId', v_person, 'invoice', v_after.id,
    'before', v_before.status, 'after', v_after.status, 'number', v_after.number,
    'amountPaidCents', v_after.amount_paid_cents, 'currency', v_after.currency,
    'hostedUrl', v_after.hosted_url);
end $$;
comment on function app.apply_invoice(jsonb, timestamptz) is
  'Stripe''s invoice object as fetched. → {applied: true, userId, invoice, before: status|null, '
  'after: status, number, amountPaidCents, currency, hostedUrl} or {applied: false, reason}. '
  'Refunds are not on Stripe''s invoice: app.apply_refund.';

create function app.apply_refund(invoice text, refunded_cents int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_invoice public.invoices;
begin
  update public.invoices set amount_refunded_cents = greatest(amount_refunded_cents, refunded_cents)
  where id = invoice returning * into v_invoice;
  if v_invoice.user_id is null then
    return jsonb_build_object('applied', v_invoice.id is not null);
  end if;
  perform app.audit(v_invoice.user_id, 'invoice.refunded',
    jsonb_build_object('invoice', invoice, 'cents', v_invoice.amount_refunded_cents));
  return jsonb_build_object('applied', true, 'userId', v_invoice.user_id,
    'number', v_invoice.number, 'amountRefundedCents', v_invoice.amount_refunded_cents,
    'currency', v_invoice.currency);
end $$;
comment on function app.apply_refund(text, int) is
  'The sum refunded on an invoice so far (it only grows). → {applied, userId?, number?, '
  'amountRefundedCents?, currency?}.';

-- Stripe renews a subscription some time after its period's end, not at it: three days of slack.
create function app.live_subscription(person uuid, at timestamptz) returns public.subscriptions
language plpgsql stable security definer set search_path = '' as $$
declare
  v_subscription public.subscriptions;
begin
  select s.* into v_subscription
  from public.subscriptions s join public.plans p on p.id = s.plan_id
  where s.user_id = person and case
    when s.status in ('active', 'trialing') then at < s.current_period_end
      + case when s.cancel_at_period_end then interval '0' else interval '3 days' end
    when s.status = 'past_due' then at < coalesce(s.past_due_since, s.current_period_start)
      + make_interval(days => p.past_due_grace_days)
    else false end
  order by s.created_at desc, s.id desc limit 1;
  return v_subscription;
end $$;
comment on function app.live_subscription(uuid, timestamptz) is
  'The newest one that counts: active, trialing, or past due within the plan''s grace.';
