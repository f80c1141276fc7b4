// Starting and stopping: `npm run cloud` as a person meets it, and what must survive or go.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase } from '../local/database.ts'
import { startPostgres } from '../local/postgres.ts'
import { onRealStack } from './stack.ts'

const main = join(import.meta.dirname, '../local/main.ts')

/** Temporary folders of this process, or of a process it started. */
const leftovers = (pid = process.pid) =>
  readdirSync(tmpdir()).filter(name => name.startsWith(`comfyrunner-pg-${pid}-`))

interface Running {
  process: ChildProcess
  url: string
  key: string
  mails: string
  databasePid: number
}

const started = new Set<ChildProcess>()

function runCloud(dataDir: string): Promise<Running> {
  const args = [main, '--port', '0', '--data-dir', dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  child.once('exit', () => started.delete(child))
  let said = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', text => (errors += text))
  return new Promise((ready, failed) => {
    child.once('exit', code => failed(new Error(`ended with ${code}: ${said}${errors}`)))
    child.stdout.setEncoding('utf8').on('data', text => {
      said += text
      const [url, key] = [/COMFYRUNNER_CLOUD_URL=(\S+)/, /COMFYRUNNER_CLOUD_KEY=(\S+)/].map(
        pattern => pattern.exec(said)?.[1],
      )
      if (!url || !key) return
      const mails = /Mails\s+(\S+)/.exec(said)![1]!
      const pidFile = readFileSync(join(dataDir, 'data/postmaster.pid'), 'utf8')
      ready({ process: child, url, key, mails, databasePid: Number.parseInt(pidFile, 10) })
    })
  })
}

const ended = (child: ChildProcess) => new Promise(done => child.once('exit', done))
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.skipIf(onRealStack)('npm run cloud', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'comfyrunner-cloud-test-'))
  })
  afterAll(async () => {
    // Only after a failure: a cloud that the test did not come to end.
    for (const child of started) {
      const gone = ended(child)
      child.kill('SIGTERM')
      await gone
    }
    rmSync(folder, { recursive: true, force: true })
  })

  test('keeps its data through kill -9, stays signed in, and leaves nothing running', async () => {
    const demo = { email: 'demo@comfyrunner.test', password: 'demo-password' }
    const options = { auth: { persistSession: false, autoRefreshToken: false } }
    const first = await runCloud(folder)
    const client = createClient(first.url, first.key, options)
    const { data } = await client.auth.signInWithPassword(demo)
    expect(data.user?.email).toBe(demo.email)
    await client.auth.updateUser({ data: { note: 'kept' } })
    expect((await client.from('plans').select('id')).data?.length).toBeGreaterThan(1)
    expect(await (await fetch(first.mails)).text()).toContain('Mails of the local cloud')

    const died = ended(first.process)
    first.process.kill('SIGKILL')
    await died
    // Nobody told PostgreSQL: it runs on, and the next start has to deal with it.
    expect(isAlive(first.databasePid)).toBe(true)
    const second = await runCloud(folder)
    // Dead at once; whoever inherited it takes a moment to notice.
    await expect.poll(() => isAlive(first.databasePid), { timeout: 10_000 }).toBe(false)
    const later = createClient(second.url, second.key, options)
    const refreshed = await later.auth.refreshSession(data.session!)
    expect(refreshed.error).toBeNull()
    expect(refreshed.data.user?.user_metadata.note).toBe('kept')

    const stopped = ended(second.process)
    second.process.kill('SIGTERM')
    expect(await stopped).toBe(0)
    expect(isAlive(second.databasePid)).toBe(false)
    expect(readdirSync(folder).sort()).toEqual(['auth-key.json', 'data', 'stripe.json'])
  }, 120_000)
})

describe.skipIf(onRealStack)('the database', () => {
  test('goes on after a restart, and nothing is left of it in the end', async () => {
    const database = await startDatabase()
    expect(leftovers()).toHaveLength(1)
    const id = await database.addUser('kept@comfyrunner.test')
    await database.restart()
    const [row] = await database.sql`select email from auth.users where id = ${id}`
    expect(row?.email).toBe('kept@comfyrunner.test')
    await database.stop()
    expect(leftovers()).toEqual([])
  })

  test('acts under the roles that PostgREST has, and no more', async () => {
    const database = await startDatabase()
    try {
      const id = await database.addUser('role@comfyrunner.test')
      const who = 'select current_user as role, auth.uid() as id'
      expect(await database.asAnon(who)).toEqual([{ role: 'anon', id: null }])
      expect(await database.asUser(id, who)).toEqual([{ role: 'authenticated', id }])
      expect(await database.asService(who)).toEqual([{ role: 'service_role', id: null }])
      await expect(database.asUser(id, 'select * from auth.users')).rejects.toThrow(
        'permission denied',
      )
      const [owner] = await database.sql`select rolsuper from pg_roles where rolname = current_user`
      expect(owner?.rolsuper).toBe(false)
    } finally {
      await database.stop()
    }
  })

  test('two clouds never share a data folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-cloud-test-'))
    const holder = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'])
    try {
      const server = await startPostgres({ dataDir: folder })
      await server.stop()
      expect(existsSync(join(folder, 'data/PG_VERSION'))).toBe(true)
      writeFileSync(join(folder, 'cloud.pid'), String(holder.pid))
      const refused = startPostgres({ dataDir: folder })
      await expect(refused).rejects.toThrow(`Another cloud (process ${holder.pid})`)
      // The refused one must not take the holder's claim away.
      expect(readFileSync(join(folder, 'cloud.pid'), 'utf8')).toBe(String(holder.pid))
    } finally {
      holder.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
