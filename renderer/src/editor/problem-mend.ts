// What can be done about a problem with one click.
import type { Problem } from '../../../engine/api/contract.ts'
import type { Document } from '../../../engine/graph/document.ts'
import { type Canvas, graphAt, rootCanvas, setMode } from '../../../engine/graph/edit.ts'
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

/** Why a run was refused that the account page explains and mends. */
const accountCodes = new Set([
  'quota_reached',
  'device_removed',
  'allowance_unreachable',
  'sign_in_again',
  'suspended',
])

/** Long enough for another canvas to be drawn and fitted. */
const enterMs = 200

/** The canvas and id of a node by its path, such as `57:44`: node 44 in the subgraph of node 57. */
function placeOf(document: Document, path: string): { at: Canvas; id: string } {
  const ids = path.split(':')
  let at: Canvas = rootCanvas
  for (const [index, id] of ids.entries()) {
    const type: string | undefined = graphAt(document, at)?.nodes[id]?.type
    const inner = type !== undefined && index < ids.length - 1 && type in document.subgraphs
    if (!inner) return { at, id }
    at = type
  }
  return { at, id: path }
}

/** Shows the node: selected and in the middle, inside its subgraph if it is in one. */
export function jumpTo(path: string) {
  const tab = activeTab()
  if (!tab) return
  const shown = path in shownGraph(tab).nodes
  const { at, id } = shown ? { at: tab.at, id: path } : placeOf(tab.history.present, path)
  const enters = at !== tab.at
  if (enters) enterCanvas(at)
  select([id])
  setTimeout(() => centreOn(id), enters ? enterMs : 0)
}

function inputOf(problem: Problem) {
  const tab = activeTab()
  const node = tab && problem.node ? shownGraph(tab).nodes[problem.node] : undefined
  if (!tab || !node || !problem.input) return undefined
  const { types } = useCatalogue.getState()
  const description = describeType(tab.history.present, types, node.type)
  return { node, input: description?.inputs.find(({ name }) => name === problem.input) }
}

/** `nodes`: every node that has this very problem. */
export function mendOf(problem: Problem, nodes = [problem.node]): Mend | undefined {
  const { node: id, code } = problem
  if (accountCodes.has(code)) return { label: 'Open Account', perform: () => showRoom('account') }
  const unusable = ['unknown_node', 'partner_node', 'missing_class_type']
  if (id && unusable.includes(code)) {
    const outer = new Set(nodes.map(node => rootNode(node ?? id)))
    const inside = rootNode(id) !== id
    const one = outer.size === 1
    return {
      label: inside
        ? `Leave the ${one ? 'subgraph' : 'subgraphs'} out`
        : one
          ? 'Leave it out'
          : 'Leave them out',
      // Problems name nodes from the root on, whichever canvas is looked at.
      perform: () => edit('Mute', document => setMode(document, rootCanvas, outer, 'mute')),
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
