// Workflows that their owner saved to the account. Nothing uploads by itself: `save` is the one
// place where a workflow's content leaves this machine.
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CloudVersion, CloudWorkflow, Conflict } from '../api/contract-account.ts'
import type { Store } from '../store/store.ts'
import { AccountError, readAnswer } from './account-error.ts'
import type { Cloud } from './cloud.ts'

const time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))
const count = z.coerce.number().int()

const listed = z.object({
  id: z.string(),
  name: z.string(),
  version: count,
  sizeBytes: count,
  updatedAt: time,
  shareToken: z.string().nullish(),
})
const saved = z.object({ id: z.string(), version: count })
const opened = z.object({
  id: z.string(),
  name: z.string(),
  version: count,
  document: z.string(),
})
const shared = z.object({ name: z.string(), document: z.string() }).nullable()
const versionRow = z.object({
  version: count,
  sizeBytes: count,
  createdAt: time,
  device: z.string().nullish(),
})
const conflictDetail = z.object({
  version: count,
  updatedAt: time,
  device: z.string().nullish(),
})

export type OnConflict = 'ask' | 'replace' | 'copy'

export interface CloudWorkflows {
  list(): Promise<CloudWorkflow[]>
  save(
    workflow: string,
    onConflict: OnConflict,
  ): Promise<{ saved?: CloudWorkflow; conflict?: Conflict }>
  /** @returns the id of the workflow here */
  open(id: string, version?: number): Promise<string>
  versions(id: string): Promise<CloudVersion[]>
  rename(id: string, name: string): Promise<void>
  remove(id: string): Promise<void>
  share(id: string): Promise<string>
  unshare(id: string): Promise<void>
  openShared(link: string): Promise<string>
}

export interface CloudWorkflowsOptions {
  cloud: Cloud
  store: Pick<Store, 'workflows' | 'storedWorkflows'>
  device(): string
  user(): string
  /** The list of workflows here changed. */
  changed(): void
}

export function cloudWorkflows(options: CloudWorkflowsOptions): CloudWorkflows {
  const { cloud, store, user, changed } = options
  const { workflows, storedWorkflows: links } = store
  const shareUrl = (token: string) => cloud.functionUrl(`/shared/${token}`)

  const describe = ({ updatedAt, shareToken, ...row }: z.infer<typeof listed>): CloudWorkflow => ({
    ...row,
    updatedMs: updatedAt,
    shareUrl: shareToken ? shareUrl(shareToken) : null,
    local: links.ofStored(user(), row.id)?.workflow,
  })
  const list = async () =>
    readAnswer(z.array(listed), await cloud.rpc('list_workflows')).map(describe)

  const makeHere = (name: string, document: string): string => {
    const id = randomUUID()
    workflows.create(id, name, document, Date.now())
    changed()
    return id
  }

  async function save(workflow: string, onConflict: OnConflict) {
    const here = workflows.find(workflow)
    const document = workflows.draft(workflow)
    if (!here || document === undefined)
      throw new AccountError('not_found', 'The workflow is no longer there.')
    const link = onConflict === 'copy' ? undefined : links.ofWorkflow(user(), workflow)
    let base = link?.version ?? null
    if (link && onConflict === 'replace')
      base = (await list()).find(({ id }) => id === link.stored)?.version ?? null
    try {
      const answer = await cloud.rpc('save_workflow', {
        id: base === null ? null : link!.stored,
        name: onConflict === 'copy' ? `${here.name} (copy)`.slice(0, 200) : here.name,
        document,
        base_version: base,
        device: options.device(),
      })
      const { id, version } = readAnswer(saved, answer)
      links.link(user(), { stored: id, workflow, version })
      return { saved: (await list()).find(row => row.id === id) }
    } catch (error) {
      if (!(error instanceof AccountError)) throw error
      if (error.code === 'no_workflow' && link) {
        // Removed on another device, and wanted again here.
        links.unlink(user(), link.stored)
        return save(workflow, onConflict)
      }
      const detail = conflictDetail.safeParse(error.detail)
      if (error.code !== 'version_conflict' || !detail.success) throw error
      const { version, updatedAt, device } = detail.data
      return { conflict: { version, updatedMs: updatedAt, device: device ?? null } }
    }
  }

  return {
    list,
    save,
    async open(id, version) {
      const answer = await cloud.rpc('open_workflow', { id, version: version ?? null })
      const row = readAnswer(opened, answer)
      const link = links.ofStored(user(), id)
      const here = link && workflows.find(link.workflow)
      // Edits made here since are not written over: the other version opens beside them.
      const free = here && !here.unsaved && version === undefined
      const workflow = free ? here.id : makeHere(row.name, row.document)
      if (free) {
        workflows.setDraft(here.id, row.document, Date.now())
        workflows.save(here.id, Date.now())
        changed()
      }
      if (version === undefined && (free || !here))
        links.link(user(), { stored: id, workflow, version: row.version })
      return workflow
    },
    async versions(id) {
      const rows = readAnswer(z.array(versionRow), await cloud.rpc('workflow_history', { id }))
      return rows.map(({ createdAt, device, ...row }) => ({
        ...row,
        createdMs: createdAt,
        device: device ?? null,
      }))
    },
    rename: async (id, name) => void (await cloud.rpc('rename_workflow', { id, name })),
    async remove(id) {
      await cloud.rpc('remove_workflow', { id })
      links.unlink(user(), id)
    },
    share: async id => shareUrl(readAnswer(z.string(), await cloud.rpc('share_workflow', { id }))),
    unshare: async id => void (await cloud.rpc('unshare_workflow', { id })),
    async openShared(link) {
      const token = /([\w-]{16,})\/?$/.exec(link.trim())?.[1]
      if (!token) throw new AccountError('bad_link', 'This is not a link to a shared workflow.')
      const row = readAnswer(shared, await cloud.rpc('shared_workflow', { token }))
      if (!row) throw new AccountError('not_found', 'Nothing is shared under this link any more.')
      return makeHere(row.name, row.document)
    },
  }
}
