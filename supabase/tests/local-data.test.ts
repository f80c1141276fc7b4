// The Data API through unmodified supabase-js, over a table of this file's own, so that nothing here
// depends on our schema. On a real stack it also needs SUPABASE_DB_URL, to make that table.
import type { SupabaseClient } from '@supabase/supabase-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onRealStack, openStack, type Person, type Stack } from './stack.ts'

const databaseUrl = process.env.SUPABASE_DB_URL

type Probe = ReturnType<ReturnType<SupabaseClient['from']>['select']>

const createTable = `
  create table public.probe (
    id uuid primary key default gen_random_uuid(),
    owner uuid not null default auth.uid() references auth.users on delete cascade,
    name text not null,
    rank int,
    done boolean not null default false,
    doc jsonb,
    big bigint,
    made_at timestamptz not null default now(),
    unique (owner, name)
  );
  alter table public.probe enable row level security;
  create policy "people use their own rows" on public.probe for all to authenticated
    using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
  revoke all on public.probe from anon;
  grant all on public.probe to authenticated, service_role;
  create function public.probe_add(a int, b int default 1) returns int language sql stable
    set search_path = '' as $$ select a + b $$;
  create function public.probe_echo(doc jsonb) returns jsonb language sql immutable
    set search_path = '' as $$ select doc $$;
  create function public.probe_mine() returns setof public.probe language sql stable
    set search_path = '' as $$ select * from public.probe order by name $$;
  create function public.probe_table(n int) returns table (i int, square int) language sql stable
    set search_path = '' as $$ select s, s * s from generate_series(1, n) s $$;
  create function public.probe_nothing() returns void language sql
    set search_path = '' as $$ select $$;
  create function public.probe_refuse() returns void language plpgsql set search_path = '' as $$
    begin
      raise exception using errcode = 'PT409', message = 'Somebody saved before you.',
        detail = '{"version": 3}', hint = 'Choose one.';
    end $$;
  create function public.probe_claims() returns jsonb language sql stable
    set search_path = '' as $$ select auth.jwt() $$;
  grant execute on function public.probe_add, public.probe_echo, public.probe_mine,
    public.probe_table, public.probe_nothing, public.probe_refuse, public.probe_claims
    to authenticated;
  notify pgrst, 'reload schema';`
const emptyTable = `
  drop table if exists public.probe cascade;
  drop function if exists public.probe_add, public.probe_echo, public.probe_table,
    public.probe_nothing, public.probe_refuse, public.probe_claims;`

describe.skipIf(onRealStack && !databaseUrl)('Data API', () => {
  let stack: Stack
  let sql: postgres.Sql
  let ann: Person
  let bob: Person
  let table: () => ReturnType<SupabaseClient['from']>

  beforeAll(async () => {
    stack = await openStack()
    sql = postgres(databaseUrl ?? stack.local!.databaseUrl, { max: 1, onnotice: () => undefined })
    await sql.unsafe(createTable)
    if (onRealStack) await new Promise(next => setTimeout(next, 3000))
    ann = await stack.person('ann')
    bob = await stack.person('bob')
    table = () => ann.client.from('probe')
    const rows = [
      { name: 'a', rank: 1, done: false },
      { name: 'b', rank: 2, done: true },
      { name: 'c, d', rank: 3, done: false },
    ]
    const { error } = await bob.client.from('probe').insert(rows)
    expect(error).toBeNull()
  })
  afterAll(async () => {
    await sql?.unsafe(emptyTable).finally(() => sql.end())
    await stack?.stop()
  })

  test('a row goes in as its owner and comes back with every type in its own form', async () => {
    const row = { name: 'types', doc: { nodes: [1, 'zwei'] }, big: 9007199254740991, rank: 7 }
    const { data, status } = await table().insert(row).select().single()
    expect(status).toBe(201)
    expect(data).toMatchObject({ ...row, owner: ann.id, done: false })
    expect(data.made_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/)
  })

  test('a jsonb column keeps text, numbers and null apart', async () => {
    for (const doc of ['text', 42, true, null, [], {}]) {
      const { data } = await table()
        .insert({ name: `json ${doc}${typeof doc}`, doc })
        .select('doc')
        .single()
      expect(data!.doc).toEqual(doc)
    }
  })

  test('nobody writes into, sees, changes or deletes the rows of another', async () => {
    const mine = (await table().insert({ name: 'mine' }).select().single()).data
    const foreign = await bob.client.from('probe').insert({ name: 'x', owner: ann.id })
    expect(foreign.error?.code).toBe('42501')
    expect(foreign.status).toBe(403)
    const others = bob.client.from('probe')
    expect((await others.select().eq('owner', ann.id)).data).toEqual([])
    const change = bob.client.from('probe').update({ name: 'y' })
    expect((await change.eq('id', mine.id).select()).data).toEqual([])
    expect((await bob.client.from('probe').delete().eq('id', mine.id).select()).data).toEqual([])
    expect((await table().select('name').eq('id', mine.id).single()).data).toEqual({ name: 'mine' })
  })

  test('anon is refused with 401, the service sees all', async () => {
    const anon = await stack.client().from('probe').select()
    expect(anon.error?.code).toBe('42501')
    expect(anon.status).toBe(401)
    const { data } = await stack.admin.from('probe').select('owner').eq('owner', ann.id).limit(1)
    expect(data).toEqual([{ owner: ann.id }])
  })

  test('columns, renamed columns, order, range and count', async () => {
    const rows = [5, 3, 9, 1].map(rank => ({ name: `rank ${rank}`, rank: 100 + rank }))
    await table().insert(rows)
    const { data, count, status } = await table()
      .select('position:rank', { count: 'exact' })
      .like('name', 'rank %')
      .order('rank', { ascending: false })
      .range(1, 2)
    expect(data).toEqual([{ position: 105 }, { position: 103 }])
    expect(count).toBe(4)
    expect(status).toBe(206)
    const head = await table().select('*', { count: 'exact', head: true }).gt('rank', 104)
    expect(head).toMatchObject({ data: null, count: 2 })
  })

  test.each([
    ['eq', (q: Probe) => q.eq('rank', 2), ['b']],
    ['neq', (q: Probe) => q.neq('rank', 2), ['a', 'c, d']],
    ['gt and lt', (q: Probe) => q.gt('rank', 1).lt('rank', 3), ['b']],
    ['gte and lte', (q: Probe) => q.gte('rank', 2).lte('rank', 3), ['b', 'c, d']],
    ['like', (q: Probe) => q.like('name', 'c%'), ['c, d']],
    ['ilike', (q: Probe) => q.ilike('name', 'C*'), ['c, d']],
    ['is true', (q: Probe) => q.is('done', true), ['b']],
    ['eq on a boolean', (q: Probe) => q.eq('done', true), ['b']],
    ['is null', (q: Probe) => q.is('doc', null), ['a', 'b', 'c, d']],
    ['not is null', (q: Probe) => q.not('doc', 'is', null), []],
    ['in', (q: Probe) => q.in('name', ['a', 'c, d']), ['a', 'c, d']],
    ['not in', (q: Probe) => q.not('rank', 'in', '(1,2)'), ['c, d']],
    ['match', (q: Probe) => q.match({ name: 'a', rank: 1 }), ['a']],
    ['a moment', (q: Probe) => q.lt('made_at', '2000-01-01T00:00:00Z'), []],
  ])('filter %s', async (_name, filter, expected) => {
    const { data, error } = await filter(bob.client.from('probe').select('name')).order('name')
    expect(error).toBeNull()
    expect((data as { name: string }[]).map(row => row.name)).toEqual(expected)
  })

  test('upsert inserts, merges, and ignores', async () => {
    const { data: first } = await table().insert({ name: 'up', rank: 1 }).select().single()
    const merged = await table()
      .upsert({ id: first.id, name: 'up 2' })
      .select('id,name,rank')
      .single()
    expect(merged.data).toEqual({ id: first.id, name: 'up 2', rank: 1 })
    const byName = { onConflict: 'owner,name' }
    await table().upsert({ owner: ann.id, name: 'up 2', rank: 5 }, byName)
    expect((await table().select('rank').eq('id', first.id).single()).data).toEqual({ rank: 5 })
    const ignored = await table()
      .upsert({ owner: ann.id, name: 'up 2', rank: 9 }, { ...byName, ignoreDuplicates: true })
      .select()
    expect(ignored.data).toEqual([])
  })

  test('update and delete answer with what they touched, or with nothing', async () => {
    await table().insert([{ name: 'd1' }, { name: 'd2' }])
    const updated = await table()
      .update({ rank: 50, doc: { a: 1 } })
      .in('name', ['d1', 'd2'])
      .select('name,doc')
    expect(updated.data).toHaveLength(2)
    expect(updated.data![0]!.doc).toEqual({ a: 1 })
    const quiet = await table().update({ rank: 51 }).eq('name', 'd1')
    expect(quiet).toMatchObject({ status: 204, data: null })
    const deleted = await table().delete().eq('rank', 51).select('name')
    expect(deleted.data).toEqual([{ name: 'd1' }])
    const everything = await table().delete()
    expect(everything.error).not.toBeNull()
  })

  test('single: exactly one, or an error that takes the change back', async () => {
    const none = await table().select().eq('name', 'nobody').single()
    expect(none).toMatchObject({ status: 406, error: { code: 'PGRST116' } })
    expect((await table().select().eq('name', 'nobody').maybeSingle()).data).toBeNull()
    await table().insert([{ name: 's1' }, { name: 's2' }])
    const two = await table().update({ rank: 77 }).like('name', 's_').select().single()
    expect(two.error?.code).toBe('PGRST116')
    expect((await table().select().eq('rank', 77)).data).toEqual([])
  })

  test('functions: scalars, defaults, JSON, rows, nothing', async () => {
    const call = (name: string, args?: object, options?: object) =>
      ann.client.rpc(name, args as never, options)
    expect((await call('probe_add', { a: 40, b: 2 })).data).toBe(42)
    expect((await call('probe_add', { a: 41 })).data).toBe(42)
    expect((await call('probe_add', { a: 41 }, { get: true })).data).toBe(42)
    for (const doc of ['text', { a: [1] }, [{ b: null }], 7])
      expect((await call('probe_echo', { doc })).data).toEqual(doc)
    expect((await call('probe_table', { n: 3 })).data).toEqual([
      { i: 1, square: 1 },
      { i: 2, square: 4 },
      { i: 3, square: 9 },
    ])
    const { data: mine } = await call('probe_mine')
    expect(mine.every((row: { owner: string }) => row.owner === ann.id)).toBe(true)
    expect(await call('probe_nothing')).toMatchObject({ status: 204, data: null, error: null })
    expect((await call('probe_claims')).data).toMatchObject({ sub: ann.id, role: 'authenticated' })
  })

  test('a refusal in SQL keeps its status, words, detail and hint', async () => {
    const { error, status } = await ann.client.rpc('probe_refuse')
    expect(status).toBe(409)
    expect(error).toMatchObject({
      code: 'PT409',
      message: 'Somebody saved before you.',
      details: '{"version": 3}',
      hint: 'Choose one.',
    })
  })

  test('errors have PostgREST’s codes', async () => {
    const twice = [await table().insert({ name: 'same' }), await table().insert({ name: 'same' })]
    expect(twice[1]).toMatchObject({ status: 409, error: { code: '23505' } })
    expect(await table().insert({ name: null })).toMatchObject({
      status: 400,
      error: { code: '23502' },
    })
    expect(await table().select().eq('rank', 'many')).toMatchObject({
      status: 400,
      error: { code: '22P02' },
    })
    expect(await ann.client.from('nowhere').select()).toMatchObject({
      status: 404,
      error: { code: 'PGRST205' },
    })
    expect(await table().insert({ name: 'n', nothing: 1 })).toMatchObject({
      status: 400,
      error: { code: 'PGRST204' },
    })
    expect(await ann.client.rpc('probe_add', { z: 1 } as never)).toMatchObject({
      status: 404,
      error: { code: 'PGRST202' },
    })
  })

  test('a token that is not ours, or too old, is refused', async () => {
    const ask = (token: string) =>
      fetch(`${stack.url}/rest/v1/probe`, {
        headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}` },
      })
    const token = (await ann.client.auth.getSession()).data.session!.access_token
    expect((await ask(token)).status).toBe(200)
    const altered = await ask(`${token.slice(0, -8)}AAAAAAAA`)
    expect(altered.status).toBe(401)
    expect((await altered.json()).code).toBe('PGRST301')
    const keyless = await fetch(`${stack.url}/rest/v1/probe`)
    expect(keyless.status).toBe(401)
  })

  test.skipIf(onRealStack)('the double is strict', async () => {
    const embedded = await table().select('name, plans(*)')
    expect(embedded.status).toBe(501)
    expect((await table().select().or('rank.eq.1,rank.eq.2')).error?.message).toContain(
      'does not know or=',
    )
    expect((await table().select().contains('doc', { a: 1 })).error?.message).toContain(
      'does not know the filter',
    )
  })
})
