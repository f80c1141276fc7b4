// A prepared data folder in .cache/cloud, named by what went into it. Copying it takes a tenth of
// the time that initdb, platform and migrations take, and every test file has a server of its own.
import { createHash, randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { migrationFiles, platformFile } from './migrations.ts'

const keptCount = 3
const folder = join(import.meta.dirname, '../../.cache/cloud')

/** The template of the present SQL files, built when there is none. Safe from several processes. */
export async function databaseTemplate(
  build: (copy: (data: string) => void) => Promise<void>,
): Promise<string> {
  const path = join(folder, `template-${contentHash()}`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const draft = join(folder, `draft-${randomUUID()}`)
  await build(data => cpSync(data, draft, { recursive: true }))
  removeOthers()
  try {
    renameSync(draft, path)
  } catch (error) {
    // Another process was quicker: its template is as good.
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(path)) throw error
  }
  return path
}

function contentHash(): string {
  const hash = createHash('sha256').update(process.platform + process.arch)
  for (const file of [platformFile, ...migrationFiles(), import.meta.filename])
    hash.update(readFileSync(file))
  hash.update(readFileSync(join(import.meta.dirname, 'postgres.ts')))
  hash.update(readFileSync(join(import.meta.dirname, '../package-lock.json')))
  return hash.digest('hex').slice(0, 16)
}

/** Keeps a few: another process may be copying the one before. */
function removeOthers() {
  const age = (name: string) => statSync(join(folder, name)).mtimeMs
  const templates = readdirSync(folder).filter(name => name.startsWith('template-'))
  for (const name of templates.sort((a, b) => age(b) - age(a)).slice(keptCount))
    rmSync(join(folder, name), { recursive: true, force: true })
}
