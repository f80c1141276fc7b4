// A folder of files that can be made again: weights in 8 bits, merged weights. A file is written under
// a temporary name that tells who writes it; above a bound the least used files go first.
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { rename, rm, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'

const unfinishedEnding = '.part'

/** Files that are being made, by path. */
type Making = ReadonlyMap<string, unknown>

/** Writes through a temporary name. Nothing stays behind if `write` fails. */
export async function keepFile(file: string, write: (path: string) => Promise<void>) {
  const unfinished = `${file}.${process.pid}${unfinishedEnding}`
  try {
    await write(unfinished)
    // Whole milliseconds, which `touch` can keep.
    const now = new Date()
    await utimes(unfinished, now, now)
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** Notes that a file is in use. Its time of change stays, which others may go by. */
export function touch(file: string): void {
  utimesSync(file, new Date(), statSync(file).mtime)
}

/** What processes that ended in the middle left. Others that are at work keep theirs. */
export function removeUnfinished(dir: string, making: Making): void {
  for (const name of readdirSync(dir).filter(name => name.endsWith(unfinishedEnding))) {
    const pid = Number(name.slice(0, -unfinishedEnding.length).split('.').at(-1))
    const ours = pid === process.pid && [...making.keys()].some(file => isPartOf(name, file))
    if (!ours && (pid === process.pid || !isRunning(pid))) rmSync(join(dir, name), { force: true })
  }
}

const isPartOf = (name: string, file: string) => name.startsWith(`${basename(file)}.`)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Lets go of the files that were not used for longest, until those that stay take no more than `bytesMax`. */
export function trim(dir: string, ending: string, keep: string, bytesMax: number): void {
  const files = readdirSync(dir)
    .map(name => join(dir, name))
    .filter(file => file.endsWith(ending))
    .map(file => ({ file, ...statSync(file) }))
    .sort((a, b) => usedMs(b) - usedMs(a))
  let bytes = 0
  for (const { file, size } of files) {
    bytes += size
    // One that another process has mapped cannot be removed on Windows: the next trim does it.
    if (bytes > bytesMax && file !== keep) rmSync(file, { force: true, maxRetries: 1 })
  }
}

const usedMs = ({ atimeMs, mtimeMs }: { atimeMs: number; mtimeMs: number }) =>
  Math.max(atimeMs, mtimeMs)
