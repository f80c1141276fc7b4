// What the Supabase CLI makes of the schema: migrations, advisors, types.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { migrationFiles, supabaseCli } from '../../local/migrations.ts'
import { generateTypes, typesFile } from './generated-types.ts'

let db: LocalDatabase
beforeAll(async () => {
  // The other tests apply the files themselves, which is quicker.
  db = await startDatabase({ throughCli: true })
})
afterAll(() => db?.stop())

test('the CLI applies every migration', async () => {
  const applied = await db.sql`select version from supabase_migrations.schema_migrations`
  expect(applied.length).toBe(migrationFiles().length)
})

/** Lints that are right about the schema and yet no reason to change it. */
const explainedFindings: Record<string, RegExp> = {
  // A new database has used no index. Those for foreign keys and retention are needed.
  unused_index: /^Index `\w+` on table `(app|public)\.\w+` has not been used$/,
  // Tables of `app` are reached by functions of their owner alone: no role has a grant on them.
  rls_enabled_no_policy: /^Table `app\.\w+` has RLS enabled, but no policies exist$/,
}

test('database.types.ts is what the schema says', async () => {
  // Changed the schema? node supabase/tests/schema/generated-types.ts
  expect(await generateTypes(db)).toBe(readFileSync(typesFile, 'utf8'))
})

test('the advisors find a table without row-level security, and nothing else', async () => {
  await db.sql`create table public.careless (id int primary key)`
  await db.sql`grant select on public.careless to anon`
  const options = ['--level', 'info', '--output-format', 'json']
  const said = await supabaseCli(['db', 'advisors', '--db-url', db.url, ...options])
  const { results }: { results: { name: string; level: string; detail: string }[] } = JSON.parse(
    said.slice(said.indexOf('{"results"')),
  )
  const open = results.filter(({ name, detail }) => !explainedFindings[name]?.test(detail))
  expect(open).toMatchObject([{ name: 'rls_disabled_in_public', level: 'ERROR' }])
  expect(open[0]!.detail).toContain('careless')
  const explained = results.filter(result => !open.includes(result)).map(({ name }) => name)
  expect([...new Set(explained)].sort(), 'no explanation is left over').toEqual(
    Object.keys(explainedFindings).sort(),
  )
})
