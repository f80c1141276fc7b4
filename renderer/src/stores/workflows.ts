// Workflows known to the host, the built-in ones, and the way between them and tabs.
import { create } from 'zustand'
import type { Template, WorkflowSummary } from '../../../engine/api/contract.ts'
import { type Document, emptyDocument } from '../../../engine/graph/document.ts'
import { setValue, syncWithCatalogue } from '../../../engine/graph/edit.ts'
import { documentText, openWorkflow } from '../../../engine/graph/open-workflow.ts'
import { missingIn } from '../editor/missing.ts'
import { host, reason } from '../host/connection.ts'
import { flushDraft } from './autosave.ts'
import { catalogueLoaded, useCatalogue } from './catalogue.ts'
import { runsOf, setProblems } from './runs.ts'
import { addTab, dropTab, findTab, patchTab, showTab, useTabs } from './tabs.ts'
import { toast, toastError } from './toasts.ts'
import { showRoom } from './ui.ts'

interface Workflows {
  recent: WorkflowSummary[]
  templates: Template[]
  loaded: boolean
}

export const useWorkflows = create<Workflows>(() => ({ recent: [], templates: [], loaded: false }))

/** Made from a template or file in this visit. */
const untouched = new Set<string>()

const openKey = 'comfyrunner.tabs'

export async function loadWorkflows() {
  try {
    const [recent, templates] = await Promise.all([
      host.workflows.list(),
      host.workflows.templates(),
    ])
    useWorkflows.setState({ recent, templates, loaded: true })
  } catch (error) {
    toastError(`The list of workflows did not arrive. ${reason(error)}`)
  }
}

/** Any form of workflow text, with values and slots that its node types have today. */
export async function readWorkflow(text: string): Promise<Document> {
  await catalogueLoaded()
  const { types } = useCatalogue.getState()
  return syncWithCatalogue(openWorkflow(text, types).document, types)
}

/** Makes a workflow of a document and shows it. */
export async function createWorkflow(name: string, document: Document = emptyDocument()) {
  try {
    const summary = await host.workflows.create({ name, document: documentText(document) })
    addTab(summary, document)
    untouched.add(summary.id)
    showRoom('editor')
    return summary.id
  } catch (error) {
    toastError(`The workflow was not made. ${reason(error)}`)
  }
}

/** Opens a file's text as a new workflow; says why when it is not one. */
export async function openText(fileName: string, text: string) {
  const name = fileName.replace(/\.(json|png|webp|jpe?g)$/i, '')
  try {
    const document = await readWorkflow(text)
    const id = await createWorkflow(name, document)
    const missing = id ? missingIn(document, useCatalogue.getState().types) : []
    if (id && missing.length) setProblems(id, missing, true)
    return id
  } catch (error) {
    toastError(`${fileName}: ${error instanceof Error ? error.message : 'not a workflow.'}`)
  }
}

export async function openStored(id: string, options: { quiet?: boolean } = {}) {
  if (findTab(id)) {
    showTab(id)
    showRoom('editor')
    return
  }
  try {
    const { summary, document } = await host.workflows.open({ id })
    const read = await readWorkflow(document)
    if (findTab(id)) return options.quiet ? undefined : showTab(id)
    addTab(summary, read, !options.quiet)
    if (!options.quiet) showRoom('editor')
  } catch (error) {
    if (!options.quiet) toastError(`The workflow did not open. ${reason(error)}`)
  }
}

/** A template as a workflow of one's own; `image` becomes its first picture input. */
export async function openTemplate(template: Template, image?: string) {
  try {
    const document = await readWorkflow(template.document)
    return await createWorkflow(template.title, image ? withImage(document, image) : document)
  } catch (error) {
    toastError(`${template.title}: ${error instanceof Error ? error.message : 'did not open.'}`)
  }
}

function withImage(document: Document, image: string): Document {
  const loader = Object.values(document.nodes).find(node => node.type === 'LoadImage')
  return loader ? setValue(document, null, loader.id, 'image', image) : document
}

export async function saveWorkflow(id: string) {
  try {
    await flushDraft(id)
    const summary = await host.workflows.save({ id })
    patchTab(id, () => ({ unsaved: false, name: summary.name }))
    toast('Saved', { kind: 'good' })
  } catch (error) {
    toastError(`Not saved. ${reason(error)}`)
  }
}

export async function renameWorkflow(id: string, name: string) {
  const before = findTab(id)?.name
  if (!name.trim() || name === before) return
  patchTab(id, () => ({ name }))
  try {
    await host.workflows.rename({ id, name: name.trim().slice(0, 200) })
  } catch (error) {
    if (before) patchTab(id, () => ({ name: before }))
    toastError(`Not renamed. ${reason(error)}`)
  }
}

/** Closing loses nothing: the draft stays with the host. What was only looked at leaves no trace. */
export function closeTab(id: string) {
  const tab = findTab(id)
  const onlySeen =
    untouched.has(id) &&
    tab?.history.past.length === 0 &&
    tab.history.future.length === 0 &&
    runsOf(id).run === undefined
  if (onlySeen) return void removeWorkflow(id)
  void flushDraft(id)
  dropTab(id)
}

export async function removeWorkflow(id: string) {
  try {
    dropTab(id)
    await host.workflows.remove({ id })
    useWorkflows.setState(({ recent }) => ({ recent: recent.filter(other => other.id !== id) }))
  } catch (error) {
    toastError(`Not removed. ${reason(error)}`)
  }
}

/** Brings back the tabs of the last visit, and remembers them from now on; call once. */
export async function restoreTabs() {
  const remembered = readRemembered()
  for (const id of remembered.tabs) await openStored(id, { quiet: true })
  // Whoever opened something meanwhile stays there.
  const { active } = useTabs.getState()
  if (active === undefined && remembered.active && findTab(remembered.active)) {
    showTab(remembered.active)
  }
  let last = ''
  useTabs.subscribe(({ tabs, active }) => {
    const next = JSON.stringify({ tabs: tabs.map(tab => tab.id), active })
    if (next === last) return
    last = next
    try {
      localStorage.setItem(openKey, next)
    } catch {
      // Without storage the start screen lists the workflows all the same.
    }
  })
}

function readRemembered(): { tabs: string[]; active?: string } {
  try {
    const { tabs, active } = JSON.parse(localStorage.getItem(openKey) ?? '{}')
    return {
      tabs: Array.isArray(tabs) ? tabs.filter(id => typeof id === 'string').slice(-20) : [],
      active: typeof active === 'string' ? active : undefined,
    }
  } catch {
    return { tabs: [] }
  }
}
