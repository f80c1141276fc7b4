-- The person's profile, kept in step with auth.users by triggers.

create table public.profiles (
  id uuid primary key references auth.users on delete cascade,
  email text,
  email_verified_at timestamptz,
  display_name text check (char_length(display_name) <= 100),
  mailbox_hash text,
  suspended_at timestamptz,
  suspended_reason text check (char_length(suspended_reason) <= 500),
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.now()
);
create index profiles_mailbox_hash on public.profiles (mailbox_hash);
comment on table public.profiles is
  'One a person. [person: id; erasure: delete; retention: account]';
comment on column public.profiles.id is 'privacy: export, erase; retention: row';
comment on column public.profiles.email is 'privacy: export, erase; retention: row';
comment on column public.profiles.display_name is 'privacy: export, erase; retention: row';
comment on column public.profiles.mailbox_hash is
  'Keyed hash of the mailbox the address leads to (app.mailbox). privacy: internal, erase; '
  'retention: row';
comment on column public.profiles.suspended_reason is 'privacy: export, erase; retention: row';

alter table public.profiles enable row level security;
create policy "People read their own profile" on public.profiles
  for select to authenticated using (id = (select auth.uid()));
grant select on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

create table public.mail_preferences (
  user_id uuid primary key references auth.users on delete cascade,
  product_news boolean not null default false,
  usage_alerts boolean not null default true,
  updated_at timestamptz not null default app.now()
);
comment on table public.mail_preferences is
  'Mails that are not needed to run the account. [person: user_id; erasure: delete; retention: '
  'account]';
comment on column public.mail_preferences.user_id is 'privacy: export, erase; retention: row';

alter table public.mail_preferences enable row level security;
create policy "People read their own mail preferences" on public.mail_preferences
  for select to authenticated using (user_id = (select auth.uid()));
grant select on public.mail_preferences to authenticated;
grant select, insert, update, delete on public.mail_preferences to service_role;

-- One trial a mailbox. What was run by accounts that are gone, or moved to another address, stays
-- under the mailbox's keyed hash and counts against the next account there.
create table app.trial_claims (
  mailbox_hash text primary key,
  workflows_used int not null default 0,
  claimed_at timestamptz not null default app.now()
);
create index trial_claims_claimed_at on app.trial_claims (claimed_at);
alter table app.trial_claims enable row level security;
comment on table app.trial_claims is
  'Trials that were begun, without identity. [person: none; erasure: none; retention: 1095 days '
  'after claimed_at]';
comment on column app.trial_claims.mailbox_hash is 'privacy: internal, keep; retention: row';

create function app.mailbox(email text) returns text
language sql immutable set search_path = '' as $$
  select case
    when domain in ('gmail.com', 'googlemail.com') then replace(name, '.', '') || '@gmail.com'
    else name || '@' || domain
  end
  from (select
    split_part(regexp_replace(lower(trim(email)), '@[^@]*$', ''), '+', 1) as name,
    substring(lower(trim(email)) from '@([^@]*)$') as domain) parts
$$;
comment on function app.mailbox(text) is
  'The mailbox behind an address: lower case, without +tag; for Gmail also without dots.';

create function app.on_user_added() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email, email_verified_at, display_name, mailbox_hash, created_at)
  values (new.id, new.email, new.email_confirmed_at,
    left(coalesce(new.raw_user_meta_data ->> 'full_name', new.raw_user_meta_data ->> 'name'), 100),
    app.keyed_hash(app.mailbox(new.email)), app.now());
  insert into public.mail_preferences (user_id) values (new.id);
  return null;
end $$;
create trigger user_added after insert on auth.users
  for each row execute function app.on_user_added();

create function app.on_user_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.email is distinct from old.email then
    -- Another spelling of the same mailbox is no move: its runs would count twice.
    if app.mailbox(new.email) is distinct from app.mailbox(old.email) then
      perform app.leave_mailbox(new.id);
    end if;
    perform app.audit(new.id, 'account.email_changed');
  end if;
  if new.encrypted_password is distinct from old.encrypted_password then
    perform app.audit(new.id, 'account.password_changed');
  end if;
  update public.profiles set
    email = new.email,
    email_verified_at = new.email_confirmed_at,
    mailbox_hash = app.keyed_hash(app.mailbox(new.email)),
    updated_at = app.now()
  where id = new.id
    and (email, email_verified_at) is distinct from (new.email::text, new.email_confirmed_at);
  return null;
end $$;
create trigger user_changed
  after update of email, email_confirmed_at, encrypted_password on auth.users
  for each row execute function app.on_user_changed();

create function app.on_profile_suspended() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform app.audit(new.id,
    case when new.suspended_at is null then 'account.unsuspended' else 'account.suspended' end);
  return null;
end $$;
create trigger profile_suspended after update of suspended_at on public.profiles
  for each row when ((new.suspended_at is null) <> (old.suspended_at is null))
  execute function app.on_profile_suspended();

create function app.suspend(person uuid, reason text) returns void
language sql security definer set search_path = '' as $$
  update public.profiles
  set suspended_at = coalesce(suspended_at, app.now()), suspended_reason = reason where id = person
$$;
comment on function app.suspend(uuid, text) is
  'The person can still sign in, read, export and delete, but not run, save or share.';

create function app.unsuspend(person uuid) returns void
language sql security definer set search_path = '' as $$
  update public.profiles set suspended_at = null, suspended_reason = null where id = person
$$;
comment on function app.unsuspend(uuid) is 'Ends a suspension.';

-- Who is asking. Functions for people take no user id: they ask these.

create function app.person() returns public.profiles
language plpgsql stable security definer set search_path = '' as $$
declare
  v_person public.profiles;
begin
  select * into v_person from public.profiles where id = auth.uid();
  if v_person.id is null then
    perform app.refuse(401, 'signed_out', 'Sign in to your ComfyRunner account first.');
  end if;
  return v_person;
end $$;
comment on function app.person() is 'The profile of who is signed in; refuses with 401 otherwise.';

create function app.person_in_good_standing() returns public.profiles
language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles;
begin
  perform app.person();
  -- The lock makes one account's changes take turns: quotas are exact because of it.
  select * into v_person from public.profiles where id = auth.uid() for no key update;
  if v_person.suspended_at is not null then
    perform app.refuse(403, 'suspended', 'This account is suspended.', jsonb_build_object(
      'since', v_person.suspended_at, 'reason', v_person.suspended_reason));
  end if;
  if v_person.email_verified_at is null then
    perform app.refuse(403, 'unverified', 'Confirm your e-mail address first.');
  end if;
  return v_person;
end $$;
comment on function app.person_in_good_standing() is
  'As app.person(), with the account locked; refuses with 403 the suspended and the unverified.';

create function app.update_profile(p_display_name text) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_person public.profiles := app.person();
  v_name text := nullif(trim(p_display_name), '');
begin
  perform app.limit_rate('update_profile', v_person.id);
  if char_length(v_name) > 100 then
    perform app.refuse(422, 'name_too_long', 'A name may have 100 characters.');
  end if;
  update public.profiles set display_name = v_name, updated_at = app.now() where id = v_person.id;
end $$;
create function public.update_profile(display_name text) returns void
language sql security invoker set search_path = '' as $$ select app.update_profile(display_name) $$;
comment on function public.update_profile(text) is
  'Sets the display name (null or blank removes it). → nothing. 422 name_too_long.';

create function app.update_mail_preferences(p_product_news boolean, p_usage_alerts boolean)
returns void language sql security definer set search_path = '' as $$
  insert into public.mail_preferences as m (user_id, product_news, usage_alerts)
  values ((app.person()).id, coalesce(p_product_news, false), coalesce(p_usage_alerts, true))
  on conflict (user_id) do update set
    product_news = coalesce(p_product_news, m.product_news),
    usage_alerts = coalesce(p_usage_alerts, m.usage_alerts),
    updated_at = app.now()
$$;
create function public.update_mail_preferences(
  product_news boolean default null, usage_alerts boolean default null
) returns void language sql security invoker set search_path = '' as $$
  select app.update_mail_preferences(product_news, usage_alerts)
$$;
comment on function public.update_mail_preferences(boolean, boolean) is
  'Sets what is given, leaves what is null. → nothing.';
