-- What a person may use now: by subscription, else the trial, of which a mailbox has one.

create type app.entitlement as (
  plan_id text,
  subscription_id text,
  kind text,
  period_start timestamptz,
  period_end timestamptz,
  workflow_limit int,
  ai_limit int,
  storage_bytes bigint,
  offline_grace int,
  lease_units int
);

create function app.entitlement_of(person uuid, at timestamptz) returns app.entitlement
language plpgsql stable security definer set search_path = '' as $$
declare
  v_subscription public.subscriptions := app.live_subscription(person, at);
  v_plan public.plans;
  v_start timestamptz;
  v_end timestamptz;
begin
  select * into strict v_plan from public.plans
  where id = coalesce(v_subscription.plan_id, 'free');
  if v_subscription.id is null then
    select created_at into v_start from public.profiles where id = person;
  else
    select w.starts, w.ends into v_start, v_end from app.usage_window(v_subscription, at) w;
  end if;
  return (v_plan.id, v_subscription.id,
    case when v_subscription.id is null then 'trial' else 'subscription' end, v_start, v_end,
    case when v_subscription.id is null then v_plan.trial_workflows
      else v_plan.monthly_workflows end,
    v_plan.ai_generations, v_plan.storage_bytes, v_plan.offline_grace,
    v_plan.lease_units)::app.entitlement;
end $$;

create function app.usage_window(
  s public.subscriptions, at timestamptz, out starts timestamptz, out ends timestamptz
) language plpgsql immutable set search_path = '' as $$
declare
  v_from timestamp := s.current_period_start at time zone 'utc';
  v_months int;
begin
  starts := s.current_period_start;
  ends := s.current_period_end;
  if at >= ends then
    -- Renewed, but Stripe has not said so yet. Its word, when it comes, names the same start.
    starts := s.current_period_end;
    ends := (starts at time zone 'utc' + interval '1 month') at time zone 'utc';
  elsif s.interval = 'year' then
    -- The allowance of a yearly subscription is monthly, too.
    v_months := greatest(0, extract(year from age(at at time zone 'utc', v_from)) * 12
      + extract(month from age(at at time zone 'utc', v_from)))::int;
    -- From 31 January a month ends on 28 February, where age() does not yet count one.
    if at at time zone 'utc' >= v_from + make_interval(months => v_months + 1) then
      v_months := v_months + 1;
    end if;
    starts := (v_from + make_interval(months => v_months)) at time zone 'utc';
    ends := least(ends, (v_from + make_interval(months => v_months + 1)) at time zone 'utc');
  end if;
end $$;
comment on function app.usage_window(public.subscriptions, timestamptz) is
  'The month of a subscription in which a moment lies.';

create function app.open_period(person uuid, e app.entitlement) returns public.usage_periods
language plpgsql security definer set search_path = '' as $$
declare
  v_period public.usage_periods;
begin
  insert into public.usage_periods as p (user_id, kind, period_start, period_end)
  values (person, e.kind, e.period_start, e.period_end)
  on conflict (user_id, kind, period_start) do update set period_end = excluded.period_end
    where p.period_end is distinct from excluded.period_end;
  select * into strict v_period from public.usage_periods
  where user_id = person and kind = e.kind and period_start = e.period_start for no key update;
  return v_period;
end $$;
comment on function app.open_period(uuid, app.entitlement) is 'The present period''s row, locked.';

create function app.outstanding(period uuid) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(sum(greatest(units - used - returned, 0)), 0)
    from public.usage_leases where period_id = period);
end $$;
comment on function app.outstanding(uuid) is
  'Units that devices may still use up, or have without saying so.';

-- One trial a mailbox.

create function app.trial_used(person uuid) returns int
language sql stable security definer set search_path = '' as $$
  select coalesce(sum(workflows + app.outstanding(id)), 0)::int
  from public.usage_periods where user_id = person and kind = 'trial'
$$;

create function app.trial_used_elsewhere(person uuid) returns int
language sql stable security definer set search_path = '' as $$
  select coalesce((select workflows_used from app.trial_claims c
      where c.mailbox_hash = me.mailbox_hash), 0)
    + coalesce((select sum(app.trial_used(other.id)) from public.profiles other
      where other.mailbox_hash = me.mailbox_hash and other.id <> me.id
        and other.email_verified_at is not null), 0)::int
  from public.profiles me where me.id = person
$$;
comment on function app.trial_used_elsewhere(uuid) is
  'Trial runs of other accounts, present and past, that lead to the same mailbox.';

create function app.claim_trial(person uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_hash text;
begin
  select mailbox_hash into v_hash from public.profiles where id = person;
  if v_hash is null then return; end if;
  insert into app.trial_claims (mailbox_hash) values (v_hash) on conflict do nothing;
  if found then perform app.audit(person, 'trial.claimed'); end if;
  -- Accounts of one mailbox take turns.
  perform from app.trial_claims where mailbox_hash = v_hash for update;
end $$;

create function app.leave_mailbox(person uuid) returns void
language sql security definer set search_path = '' as $$
  insert into app.trial_claims as c (mailbox_hash, workflows_used)
  select mailbox_hash, app.trial_used(person) from public.profiles
  where id = person and mailbox_hash is not null and email_verified_at is not null
    and app.trial_used(person) > 0
  on conflict (mailbox_hash) do update set
    workflows_used = c.workflows_used + excluded.workflows_used, claimed_at = app.now()
$$;
comment on function app.leave_mailbox(uuid) is
  'The account goes, or moves to another address: what it used of the trial stays with the '
  'mailbox.';
