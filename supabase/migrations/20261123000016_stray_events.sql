-- Events without a lease. A row of usage_events is kept so that its run counts once, however often it
-- is sent. With a lease it can only ever count in that lease's period. Without one it counts in the
-- present period: its row has to be there for as long as the event may come again, and an event that
-- is older than that cannot be told from one that was counted.

drop function app.declared_tables();
create function app.declared_tables()
returns table (relation text, person text, erasure text, days int, since text, short_days int,
  without text, rule text)
language sql stable set search_path = '' as $$
  select c.oid::regclass::text, m[1], m[2], r[1]::int, r[2], r[3]::int, r[4], m[3]
  from pg_catalog.pg_class c
  left join lateral regexp_match(pg_catalog.obj_description(c.oid, 'pg_class'),
    '\[person: ([a-z_]+); erasure: (delete|anonymise|none); retention: ([a-z0-9_. ]+)\]$') m on true
  left join lateral regexp_match(m[3],
    '^(\d+) days after ([a-z_]+)(?: or (\d+) without ([a-z_]+))?$') r on true
  where c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and c.relkind in ('r', 'p')
  order by c.oid::regclass::text
$$;
comment on function app.declared_tables() is
  'Every table of ours (schema.name) with what its comment declares; nulls where it declares '
  'nothing. A rule may say "<n> days after <column> or <m> without <column>": m days for rows in '
  'which the second column is null.';

create or replace function app.privacy_gaps() returns setof text
language sql stable set search_path = '' as $$
  with tables as (select * from app.declared_tables()),
    columns as (select c.*, t.person, t.erasure as table_erasure
      from app.declared_columns() c join tables t using (relation))
  select relation || ' has no [person: …; erasure: …; retention: …]'
  from tables where person is null
  union all
  select relation || '.' || name || ' has no privacy declaration' from columns where not declared
  union all
  select relation || ': retention "' || rule || '" is no rule'
  from tables t where not (rule in ('account', 'forever')
    or coalesce(days, 0) > 0 and coalesce(short_days, 1) between 1 and days and not exists (
      select from unnest(array[t.since, t.without]) needed where needed is not null
        and needed not in (select c.name from columns c where c.relation = t.relation))
    or rule like 'with %' and exists (select from pg_catalog.pg_constraint
      where conrelid = to_regclass(t.relation) and contype = 'f' and confdeltype = 'c'
        and confrelid = to_regclass(substr(rule, 6))))
  union all
  select relation || ': nobody is named to erase' from tables
  where (person = 'none') <> (erasure = 'none')
  union all
  select relation || ' has no column ' || person from tables t
  where person <> 'none'
    and not exists (select from columns c where c.relation = t.relation and c.name = t.person)
  union all
  select relation || '.' || name || ': ' || columns.erasure || ' is not what its table does'
  from columns where erasure <> case table_erasure
    when 'delete' then 'erase' when 'none' then 'keep' else erasure end
    or table_erasure = 'anonymise' and erasure = 'erase'
    or person <> 'none' and personal = 'none'
$$;

create or replace function app.apply_retention(at timestamptz default app.now()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_table record;
  v_count int;
  v_counts jsonb := '{}';
begin
  for v_table in select * from app.declared_tables() where days is not null loop
    execute format('delete from %s where %I < $1 - make_interval(days => %s)',
      v_table.relation, v_table.since, case when v_table.without is null then '$2'
        else format('case when %I is null then $3 else $2 end', v_table.without) end)
      using at, v_table.days, v_table.short_days;
    get diagnostics v_count = row_count;
    v_counts := v_counts || jsonb_build_object(v_table.relation, v_count);
  end loop;
  return v_counts;
end $$;

comment on table public.usage_events is
  'One row a run: that it happened, never what it was. Summed up in usage_periods. [person: '
  'user_id; erasure: delete; retention: 400 days after received_at or 60 without lease_id]';

create function app.stray_event_age() returns interval
language sql immutable set search_path = '' as $$ select interval '60 days' $$;
comment on function app.stray_event_age() is
  'How old an event without a known lease may be to count: as long as its row is kept.';

create or replace function app.count_events(person uuid, period uuid, device uuid, events jsonb)
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
    where l.id is not null or coalesce(i."occurredAt", v_now) > v_now - app.stray_event_age()
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
  'Counts what has not been counted. Events without a known lease count in the present period, '
  'unless they are older than stray_event_age().';
