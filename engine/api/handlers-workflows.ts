// Workflows of the page: drafts are journalled as they come, saving makes a version.
import { randomUUID } from 'node:crypto'
import type { Host } from '../host/host.ts'
import { readTemplates } from '../host/templates.ts'
import { answers, missing, readSent } from './handlers-base.ts'

const os = answers.workflows

export function workflowHandlers(host: Host) {
  const { workflows } = host.store
  const find = (id: string) => {
    const summary = workflows.find(id)
    if (!summary) throw missing('The workflow')
    return summary
  }
  return {
    list: os.list.handler(() => workflows.list()),
    open: os.open.handler(({ input }) => ({
      summary: find(input.id),
      document: workflows.draft(input.id)!,
    })),
    create: os.create.handler(({ input }) => {
      readSent(input.document)
      const id = randomUUID()
      workflows.create(id, input.name, input.document, Date.now())
      host.workflowsChanged()
      return find(id)
    }),
    draft: os.draft.handler(({ input }) => {
      const before = find(input.id)
      readSent(input.document)
      workflows.setDraft(input.id, input.document, Date.now())
      // Only the first edit after a save changes what lists show.
      if (!before.unsaved) host.workflowsChanged()
      return {}
    }),
    save: os.save.handler(({ input }) => {
      find(input.id)
      workflows.save(input.id, Date.now())
      host.workflowsChanged()
      return find(input.id)
    }),
    rename: os.rename.handler(({ input }) => {
      find(input.id)
      workflows.rename(input.id, input.name, Date.now())
      host.workflowsChanged()
      return find(input.id)
    }),
    remove: os.remove.handler(({ input }) => {
      workflows.remove(input.id, Date.now())
      host.workflowsChanged()
      return {}
    }),
    templates: os.templates.handler(() => readTemplates(host.folders, host.catalogue())),
  }
}
