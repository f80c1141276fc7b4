// What can be done about a problem with one click.
import type { Problem } from '../../../engine/api/contract.ts'
import { ROOT, setMode } from '../../../engine/graph/edit.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { rootNode } from '../stores/runs.ts'
import { activeTab, edit, enterCanvas, select, shownGraph } from '../stores/tabs.ts'
import { showRoom } from '../stores/ui.ts'
import { canvasFlow, centreOn, openPalette } from './canvas-state.ts'
import { describeType } from './subgraph-description.ts'

export interface Mend {
  label: string
  perform: () => void
}

/** Shows the node: selected and in the middle. */
export function jumpTo(node: string) {
  const tab = activeTab()
  const id = tab && node in shownGraph(tab).nodes ? node : rootNode(node)
  if (tab && !(id in shownGraph(tab).nodes)) enterCanvas(ROOT)
  select([id])
  // The canvas may be another one from here on: wait until it is drawn.
  requestAnimationFrame(() => centreOn(id))
}

function inputOf(problem: Problem) {
  const tab = activeTab()
  const node = tab && problem.node ? shownGraph(tab).nodes[problem.node] : undefined
  if (!tab || !node || !problem.input) return undefined
  const { types } = useCatalogue.getState()
  const description = describeType(tab.history.present, types, node.type)
  return { node, input: description?.inputs.find(({ name }) => name === problem.input) }
}

export function mendOf(problem: Problem): Mend | undefined {
  const { node: id, code } = problem
  if (id && (code === 'unknown_node' || code === 'missing_class_type')) {
    return {
      label: 'Leave it out',
      perform: () => edit('Mute', (document, at) => setMode(document, at, [rootNode(id)], 'mute')),
    }
  }
  const found = inputOf(problem)
  if (!found?.input) return undefined
  const { node, input } = found
  if (input.widget?.kind === 'choice') {
    const { folder, options } = input.widget
    if (options.length === 0 && folder && folder !== 'input') {
      return { label: 'Where models go', perform: () => showRoom('models') }
    }
    return {
      label: `Choose ${input.name.replaceAll('_', ' ')}`,
      perform: () => {
        jumpTo(node.id)
        requestAnimationFrame(() =>
          document
            .querySelector<HTMLElement>(
              `[data-testid="node-${CSS.escape(node.id)}"] [data-widget="${CSS.escape(input.name)}"] button`,
            )
            ?.click(),
        )
      },
    }
  }
  if (input.widget && !input.socketOnly) return undefined
  return {
    label: `Add a node for ${input.name.replaceAll('_', ' ')}`,
    perform: () => {
      const placed = canvasFlow()?.getNode(node.id)
      const at = placed && canvasFlow()?.flowToScreenPosition(placed.position)
      openPalette(at && { x: Math.max(at.x - 320, 60), y: Math.max(at.y, 60) }, {
        node: node.id,
        side: 'input',
        handle: `i:${input.name}`,
        type: input.type,
      })
    },
  }
}
