-- An address that is left and taken again. What an account used of the trial stays with each mailbox it
-- leaves; here stands how much of that is its own, so that nothing counts twice when it comes back.

create table app.trial_moves (
  user_id uuid not null references auth.users on delete cascade,
  mailbox_hash text not null,
  workflows int not null,
  primary key (user_id, mailbox_hash)
);
create index trial_moves_mailbox_hash on app.trial_moves (mailbox_hash);
alter table app.trial_moves enable row level security;
comment on table app.trial_moves is
  'What trial_claims has of an account that is still there. [person: user_id; erasure: delete; '
  'retention: account]';
comment on column app.trial_moves.user_id is 'privacy: export, erase; retention: row';
comment on column app.trial_moves.mailbox_hash is 'privacy: internal, erase; retention: row';

create or replace function app.leave_mailbox(person uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_used int := app.trial_used(person);
  v_mailbox text;
  v_left int;
begin
  select mailbox_hash into v_mailbox from public.profiles
  where id = person and email_verified_at is not null;
  if v_mailbox is null then return; end if;
  select workflows into v_left from app.trial_moves
  where user_id = person and mailbox_hash = v_mailbox;
  if v_used = coalesce(v_left, 0) then return; end if;
  insert into app.trial_claims as c (mailbox_hash, workflows_used) values (v_mailbox, v_used)
  on conflict (mailbox_hash) do update set
    workflows_used = greatest(c.workflows_used + v_used - coalesce(v_left, 0), 0),
    claimed_at = app.now();
  insert into app.trial_moves (user_id, mailbox_hash, workflows) values (person, v_mailbox, v_used)
  on conflict (user_id, mailbox_hash) do update set workflows = excluded.workflows;
end $$;

create or replace function app.trial_used_elsewhere(person uuid) returns int
language sql stable security definer set search_path = '' as $$
  with me as (select id, mailbox_hash from public.profiles where id = person),
    -- Accounts that are at the mailbox now are counted by their own periods.
    present as (select other.id, other.id = me.id as self from public.profiles other join me
      on other.mailbox_hash = me.mailbox_hash
      where other.id = me.id or other.email_verified_at is not null),
    claimed as (select c.workflows_used - coalesce((select sum(m.workflows)
        from app.trial_moves m join present p on p.id = m.user_id
        where m.mailbox_hash = c.mailbox_hash), 0) as workflows
      from app.trial_claims c join me using (mailbox_hash))
  select (greatest(coalesce((select workflows from claimed), 0), 0)
    + coalesce((select sum(app.trial_used(id)) from present where not self), 0))::int
$$;
