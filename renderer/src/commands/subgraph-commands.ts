import { subgraphOf } from '../../../engine/graph/document.ts'
import { makeSubgraph } from '../../../engine/graph/make-subgraph.ts'
import { unpackSubgraph } from '../../../engine/graph/unpack-subgraph.ts'
import { activeTab, edit, sealEdit, select, shownGraph } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const chosen = () => (useUi.getState().room === 'editor' ? activeTab()?.nodes : undefined)

function make() {
  const nodes = chosen()!
  let made: string | undefined
  edit('Make a subgraph', (document, at) => {
    const name = 'New subgraph'
    const next = makeSubgraph(document, at, nodes, { name, fresh: () => crypto.randomUUID() })
    made = next.id
    return next.document
  })
  if (made) select([made])
  sealEdit()
}

/** The selected nodes that stand for subgraphs. */
function subgraphs(): string[] {
  const tab = activeTab()
  if (!tab) return []
  const { nodes } = shownGraph(tab)
  return [...(chosen() ?? [])].filter(id => subgraphOf(tab.history.present, nodes[id]?.type ?? ''))
}

function unpack() {
  const made: string[] = []
  const unpacked = subgraphs()
  edit('Unpack', (document, at) =>
    unpacked.reduce((done, id) => {
      const next = unpackSubgraph(done, at, id)
      made.push(...next.ids)
      return next.document
    }, document),
  )
  select(made)
  sealEdit()
}

export const subgraphCommands: Command[] = [
  {
    id: 'make-subgraph',
    label: 'Make a subgraph of them',
    group: 'Edit',
    keys: ['mod+shift+e'],
    when: () => (chosen()?.size ?? 0) > 0,
    perform: make,
  },
  {
    id: 'unpack-subgraph',
    label: 'Unpack the subgraph',
    group: 'Edit',
    when: () => subgraphs().length > 0,
    perform: unpack,
  },
]
