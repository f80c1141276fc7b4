// What the native addon is made from, and a hash of it that every build carries.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const nativeFolder = join(dirname(fileURLToPath(import.meta.url)), '../native')

/** Paths of all C++ files. */
export const nativeSources = readdirSync(nativeFolder)
  .filter(file => /\.(cc|h)$/.test(file))
  .sort()
  .map(file => join(nativeFolder, file))

export const nativeHash = nativeSources
  .reduce(
    (hash, path) => hash.update(readFileSync(path, 'utf8').replaceAll('\r', '')),
    createHash('sha256'),
  )
  .digest('hex')
