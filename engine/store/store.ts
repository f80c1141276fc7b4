// All of the database: one subject a file, put together here.
import { assetStore } from './assets.ts'
import { openDatabase } from './database.ts'
import { ledgerStore } from './ledger.ts'
import { outputStore } from './outputs.ts'
import { runStore } from './runs.ts'
import { settingsStore } from './settings.ts'
import { storedWorkflowStore } from './stored-workflows.ts'
import { usageStore } from './usage.ts'
import { workflowStore } from './workflows.ts'

export function openStore(file: string) {
  const { db, notice } = openDatabase(file)
  return {
    notice,
    runs: runStore(db),
    outputs: outputStore(db),
    assets: assetStore(db),
    workflows: workflowStore(db),
    settings: settingsStore(db),
    ledger: ledgerStore(db),
    usage: usageStore(db),
    storedWorkflows: storedWorkflowStore(db),
    /** All of it or nothing of it. */
    transaction: <T>(work: () => T): T => db.transaction(work)(),
    close: () => db.close(),
  }
}
export type Store = ReturnType<typeof openStore>
