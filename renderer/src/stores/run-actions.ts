// Starting and cancelling. Seeds that are not locked are drawn before the run, so that the seed
// on the page is the one that was used.
import type { Problem } from '../../../engine/api/contract.ts'
import { advanceSeeds } from '../../../engine/graph/edit.ts'
import { documentText } from '../../../engine/graph/open-workflow.ts'
import { host, reason } from '../host/connection.ts'
import { setProblems } from './runs.ts'
import { activeTab, amend, sealEdit, select } from './tabs.ts'
import { toast, toastError } from './toasts.ts'

export const mostAtOnce = 100

interface Options {
  count?: number
  front?: boolean
  /** Nodes: only the output nodes among them run. */
  targets?: string[]
}

/** Queues the active workflow. Answers whether everything was taken. */
export async function runActive({ count = 1, front, targets }: Options = {}): Promise<boolean> {
  sealEdit()
  for (let turn = 0; turn < Math.min(count, mostAtOnce); turn++) {
    amend(advanceSeeds)
    const tab = activeTab()
    if (!tab) return false
    const taken = await start(tab.id, tab.name, documentText(tab.history.present), front, targets)
    if (!taken) return false
  }
  return true
}

async function start(
  workflow: string,
  name: string,
  document: string,
  front?: boolean,
  targets?: string[],
) {
  try {
    const { run, problems } = await host.runs.start({ workflow, name, document, front, targets })
    setProblems(workflow, problems)
    if (!run) showFirst(problems)
    return run !== undefined
  } catch (error) {
    toastError(`Not started. ${reason(error)}`)
    return false
  }
}

/** Selects the first node that has to be mended, so that it is not searched for. */
function showFirst(problems: Problem[]) {
  const node = problems.find(problem => problem.node)?.node
  if (node) select([node])
  if (problems.length === 0) toastError('Not started. The engine gave no reason.')
}

export async function cancelRun(id: string) {
  try {
    await host.runs.cancel({ id })
  } catch (error) {
    toastError(`Not cancelled. ${reason(error)}`)
  }
}

/** Runs a document that is not open, as “Vary” in the gallery does. */
export async function runDocument(name: string, document: string, workflow?: string) {
  try {
    const { run, problems } = await host.runs.start({ name, document, workflow })
    const said = problems[0]
    if (!run && said) toastError([said.message, said.hint].filter(Boolean).join(' '))
    else toast('Queued: the picture appears here when it is done')
    return run !== undefined
  } catch (error) {
    toastError(`Not started. ${reason(error)}`)
    return false
  }
}
