-- Which mails went out: no addresses, no content.

create table app.mail_log (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users on delete cascade,
  template text not null,
  idempotency_key text not null unique,
  provider_id text,
  sent_at timestamptz not null default app.now()
);
create index mail_log_user_id on app.mail_log (user_id);
create index mail_log_sent_at on app.mail_log (sent_at);
alter table app.mail_log enable row level security;
comment on table app.mail_log is
  'Mails sent. [person: user_id; erasure: delete; retention: 90 days after sent_at]';
comment on column app.mail_log.id is 'privacy: export, erase; retention: row';
comment on column app.mail_log.user_id is 'privacy: export, erase; retention: row';
comment on column app.mail_log.template is 'privacy: export, erase; retention: row';
comment on column app.mail_log.idempotency_key is
  'Keyed hash. privacy: internal, erase; retention: row';
comment on column app.mail_log.provider_id is 'privacy: export, erase; retention: row';

create function app.log_mail(person uuid, template text, idempotency_key text, provider_id text)
returns boolean language sql security definer set search_path = '' as $$
  insert into app.mail_log (user_id, template, idempotency_key, provider_id)
  values ((select id from public.profiles where id = person), template,
    app.keyed_hash(idempotency_key), provider_id)
  on conflict on constraint mail_log_idempotency_key_key do nothing
  returning true
$$;
comment on function app.log_mail(uuid, text, text, text) is
  'Notes a mail that went out. → true, or null when the key was used before. Keys may name a '
  'person: only a hash is kept. Who is erased leaves no id.';

create function app.mail_was_sent(key text) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from app.mail_log where idempotency_key = app.keyed_hash(key))
$$;
comment on function app.mail_was_sent(text) is
  'Whether a mail with this key went out in the last 90 days.';
