// Paths that stay inside a folder, as users, workflows and other programs name them.
import { realpathSync } from 'node:fs'
import { isAbsolute, normalize, relative, resolve, sep } from 'node:path'

/** The path inside the folder, or nothing if it would lead out of it; the folder itself is inside. */
export function inside(folder: string, ...path: string[]): string | undefined {
  const asked = normalize(path.filter(Boolean).join('/'))
  if (isAbsolute(asked) || asked.includes('\0') || /^[a-z]:[\\/]/i.test(asked)) return undefined
  const full = resolve(folder, asked)
  return isBelow(resolve(folder), full) ? full : undefined
}

/** Whether the path is still inside once every link is followed. @throws when one of them is not there */
export const isReallyInside = (folder: string, path: string): boolean =>
  isBelow(realpathSync(folder), realpathSync(path))

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Relative path with forward slashes, as ComfyUI and our database name files. */
export const slashed = (path: string): string => path.split(sep).join('/')
