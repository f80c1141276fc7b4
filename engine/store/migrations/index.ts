// Every migration in order. A released one is never edited: what changes is a new file.
import * as first from './0001-first.ts'
import * as account from './0002-account.ts'

export interface Migration {
  version: number
  up: string
}

export const migrations: readonly Migration[] = [first, account]

/** The schema this program writes. */
export const schemaVersion = migrations.at(-1)!.version
