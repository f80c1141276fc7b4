// `node supabase/tests/schema/generated-types.ts` writes supabase/database.types.ts anew.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { supabaseCli } from '../../local/migrations.ts'

const root = join(import.meta.dirname, '../../..')
export const typesFile = join(root, 'supabase/database.types.ts')

/** What the Supabase CLI says of the schema, formatted. */
export async function generateTypes(db: LocalDatabase): Promise<string> {
  const target = ['--lang', 'typescript', '--schema', 'public', '--db-url', db.url]
  const said = await supabaseCli(['gen', 'types', ...target])
  // Before the code it prints where it connected.
  return format(said.slice(said.indexOf('export type Json')))
}

function format(code: string): string {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const as = ['format', '--stdin-file-path=tools/database.types.ts']
  return execFileSync(process.execPath, [biome, ...as], {
    cwd: root,
    input: code,
    encoding: 'utf8',
  })
}

if (process.argv[1] === import.meta.filename) {
  const db = await startDatabase()
  try {
    writeFileSync(typesFile, await generateTypes(db))
  } finally {
    await db.stop()
  }
}
