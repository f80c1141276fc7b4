// Which workflow here is which one of the account, and the version both last agreed on.
import type { Db } from './database.ts'

export interface StoredLink {
  stored: string
  workflow: string
  version: number
}

export function storedWorkflowStore(db: Db) {
  const columns = 'stored_id AS stored, workflow_id AS workflow, version'
  const ofWorkflow = db.prepare<[string, string], StoredLink>(
    `SELECT ${columns} FROM stored_workflows WHERE user_id = ? AND workflow_id = ?`,
  )
  const ofStored = db.prepare<[string, string], StoredLink>(
    `SELECT ${columns} FROM stored_workflows WHERE user_id = ? AND stored_id = ?`,
  )
  const put = db.prepare(
    `INSERT INTO stored_workflows (user_id, stored_id, workflow_id, version)
     VALUES (@user, @stored, @workflow, @version)
     ON CONFLICT (user_id, workflow_id) DO UPDATE
       SET stored_id = excluded.stored_id, version = excluded.version`,
  )
  const remove = db.prepare('DELETE FROM stored_workflows WHERE user_id = ? AND stored_id = ?')
  const forgetUser = db.prepare('DELETE FROM stored_workflows WHERE user_id = ?')
  return {
    ofWorkflow: (user: string, workflow: string) => ofWorkflow.get(user, workflow),
    ofStored: (user: string, stored: string) => ofStored.get(user, stored),
    link: db.transaction((user: string, link: StoredLink) => {
      remove.run(user, link.stored)
      put.run({ ...link, user })
    }),
    unlink: (user: string, stored: string): void => void remove.run(user, stored),
    forgetUser: (user: string): void => void forgetUser.run(user),
  }
}
