// Every migration in order. A released one is never edited: what changes is a new file.
import * as first from './0001-first.ts'

export interface Migration {
  version: number
  up: string
}

export const migrations: readonly Migration[] = [first]

/** The schema this program writes. */
export const SCHEMA_VERSION = migrations.at(-1)!.version
