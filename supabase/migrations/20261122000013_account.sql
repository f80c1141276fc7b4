-- Everything the account page shows, in one call.

create function app.plan_brief(p public.plans) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object(
    'id', p.id, 'name', p.name, 'description', p.description, 'priceCents', p.price_cents,
    'currency', p.currency, 'interval', p.interval, 'trialWorkflows', p.trial_workflows,
    'monthlyWorkflows', p.monthly_workflows, 'storageBytes', p.storage_bytes,
    'aiGenerations', p.ai_generations, 'offlineGrace', p.offline_grace,
    'leaseUnits', p.lease_units, 'pastDueGraceDays', p.past_due_grace_days, 'sort', p.sort)
$$;

create function app.profile_brief(p public.profiles) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object(
    'id', p.id, 'email', p.email, 'emailVerified', p.email_verified_at is not null,
    'displayName', p.display_name, 'createdAt', p.created_at,
    'suspended', case when p.suspended_at is not null then
      jsonb_build_object('since', p.suspended_at, 'reason', p.suspended_reason) end)
$$;

-- The newest subscription, also one that no longer counts: why it ended is worth showing.
create function app.subscription_shown(person uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select app.subscription_brief(s) - array['id', 'interval', 'currentPeriodStart']
    || jsonb_build_object('graceEnds', case when s.status = 'past_due' then
      s.past_due_since + make_interval(days => p.past_due_grace_days) end)
  from public.subscriptions s join public.plans p on p.id = s.plan_id
  where s.user_id = person and s.status <> 'incomplete_expired'
  order by s.id is not distinct from (app.live_subscription(person, app.now())).id desc,
    s.created_at desc, s.id desc limit 1
$$;

create function app.usage_shown(person uuid, e app.entitlement) returns jsonb
language sql stable security definer set search_path = '' as $$
  select app.usage_brief(e,
    (select p from public.usage_periods p
      where user_id = person and kind = e.kind and period_start = e.period_start),
    case when e.kind = 'trial' then app.trial_used_elsewhere(person) else 0 end)
$$;

create function app.account_of(person uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_entitled app.entitlement := app.entitlement_of(person, app.now());
begin
  return jsonb_build_object(
    'profile', (select app.profile_brief(p) from public.profiles p where id = person),
    'plan', (select app.plan_brief(p) from public.plans p where id = v_entitled.plan_id),
    'subscription', app.subscription_shown(person),
    'usage', app.usage_shown(person, v_entitled),
    'storage', (select jsonb_build_object('usedBytes', coalesce(sum(size_bytes), 0),
        'limitBytes', v_entitled.storage_bytes, 'workflows', count(*))
      from public.stored_workflows where user_id = person),
    'mail', (select jsonb_build_object('productNews', product_news, 'usageAlerts', usage_alerts)
      from public.mail_preferences where user_id = person),
    'deletion', (select app.deletion_brief(d) from public.deletion_requests d
      where user_id = person),
    'identities', (select coalesce(jsonb_agg(jsonb_build_object('provider', provider)
        order by provider), '[]')
      from auth.identities where user_id = person),
    'plans', (select jsonb_agg(app.plan_brief(p) order by sort, id) from public.plans p
      where active),
    'invoices', (select coalesce(jsonb_agg(jsonb_build_object(
        'id', id, 'number', number, 'status', status, 'amountPaidCents', amount_paid_cents,
        'amountRefundedCents', amount_refunded_cents, 'currency', currency,
        'hostedUrl', hosted_url, 'pdfUrl', pdf_url, 'createdAt', created_at)
        order by created_at desc, id), '[]')
      from (select * from public.invoices where user_id = person
        order by created_at desc limit 24) newest),
    'devices', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name,
        'createdAt', created_at, 'lastSeenAt', last_seen_at, 'revokedAt', revoked_at)
        order by last_seen_at desc, id), '[]')
      from (select * from public.devices where user_id = person
        order by revoked_at is not null, last_seen_at desc, id limit 250) present));
end $$;
comment on function app.account_of(uuid) is
  'What public.my_account() shows, of anyone: for the functions.';

create function app.my_account() returns jsonb
language sql stable security definer set search_path = '' as $$
  select app.account_of((app.person()).id)
$$;
create function public.my_account() returns jsonb
language sql stable security invoker set search_path = '' as $$ select app.my_account() $$;
comment on function public.my_account() is
  '→ {profile: {id, email, emailVerified, displayName|null, createdAt, suspended: {since, '
  'reason}|null}, plan: Plan, subscription: {status, planId, amountCents, currency, '
  'currentPeriodEnd, cancelAtPeriodEnd, pastDueSince, graceEnds, trialEnd}|null, usage: {kind, '
  'periodStart, periodEnd|null, used, limit|null, aiUsed, aiLimit|null}, storage: {usedBytes, '
  'limitBytes|null, workflows}, mail: {productNews, usageAlerts}, deletion: {requestedAt, '
  'eraseAfter}|null, identities: [{provider}], plans: [Plan], invoices: [{id, number, status, '
  'amountPaidCents, amountRefundedCents, currency, hostedUrl, pdfUrl, createdAt}] (newest 24), '
  'devices: [{id, name, createdAt, lastSeenAt, revokedAt|null}]}; Plan = {id, name, description, '
  'priceCents, currency, interval|null, trialWorkflows|null, monthlyWorkflows|null, '
  'storageBytes|null, aiGenerations|null, offlineGrace, leaseUnits, pastDueGraceDays, sort}. '
  'subscription is the newest, also when it no longer counts: plan says what does. 401 signed_out.';
