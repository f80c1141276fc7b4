// Brings an empty database to our schema: what the platform provides, then supabase/migrations.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'

const local = import.meta.dirname
const root = join(local, '../..')
const folder = join(root, 'supabase/migrations')

/** In the order in which they are applied: names begin with a timestamp. */
export const migrationFiles = () =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter(name => name.endsWith('.sql'))
    .sort()
    .map(name => join(folder, name))

export const platformFile = join(local, 'platform.sql')

export const applyPlatform = (url: string) => applyFiles(url, [platformFile])

/** The files as they are: quicker than the CLI, which tests and `npm run cloud` also go through. */
export const applyMigrations = (url: string) => applyFiles(url, migrationFiles())

async function applyFiles(url: string, files: string[]) {
  for (const file of files) {
    // A connection each, as the CLI has it: a file's settings do not reach the next.
    const sql = postgres(url, { max: 1, onnotice: () => undefined })
    try {
      await sql.file(file)
    } catch (error) {
      throw new Error(`${file}: ${placeOf(error, readFileSync(file, 'utf8'))}`, { cause: error })
    } finally {
      await sql.end()
    }
  }
}

function placeOf(error: unknown, text: string): string {
  const { message, position } = error as { message: string; position?: string }
  if (!position) return message
  const line = text.slice(0, Number(position)).split('\n').length
  return `line ${line}: ${message}`
}

/** `supabase db push`: applies what the database has not seen yet, and writes down that it did. */
export async function pushMigrations(url: string) {
  // The CLI alone takes a second or two: a kept data folder rarely has anything to apply.
  if (await isUpToDate(url)) return
  await supabaseCli(['db', 'push', `--remote=${url}`, '--yes', '--workdir', root])
}

async function isUpToDate(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1 })
  try {
    const [known] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`
    if (!known?.name) return false
    const applied = await sql`select version from supabase_migrations.schema_migrations`
    const versions = new Set(applied.map(({ version }) => version))
    return migrationFiles().every(file => versions.has(basename(file).split('_')[0]))
  } finally {
    await sql.end()
  }
}

/** Runs the Supabase CLI from its package. @throws Error with what it said. */
export function supabaseCli(args: string[]): Promise<string> {
  const cli = fileURLToPath(import.meta.resolve('supabase/dist/supabase.js'))
  const env = { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1', CI: '1' }
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [cli, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', text => (output += text))
    child.stderr.setEncoding('utf8').on('data', text => (said += text))
    child.once('error', failed)
    child.once('exit', code => {
      if (code === 0) return done(output)
      failed(new Error(`supabase ${args.slice(0, 2).join(' ')} failed:\n${said || output}`))
    })
  })
}
