// Where everything on a card sits, computed from its definition alone. React Flow gets sizes and
// socket places from here, so that it need not mount and measure a thousand cards. Pixels.
import type { InputDescription, NodeDescription, Widget } from '../../../engine/graph/catalogue.ts'
import type { GraphNode } from '../../../engine/graph/document.ts'
import { activeInputs } from '../../../engine/graph/dynamic-inputs.ts'
import type { Json } from '../../../engine/graph/json.ts'
import { isPorts } from './subgraph-ports.ts'

/** ComfyUI's `y` is below the title row; ours includes it. */
export const titleHeight = 30
const socketHeight = 22
const widgetHeight = 28
const padding = 6
const textHeight = 84
const pictureHeight = 200
const textsHeight = 72
const leastWidth = 180
const leastPictureWidth = 240
const collapsedWidth = 200
const mostKeptRows = 12

/** Below this zoom, the cards of a large graph are plain boxes: nothing on them could be read. */
export const farZoom = 0.45
export const largeGraph = 60

export interface SocketPlace {
  /** React Flow's handle id: `i:<input name>` or `o:<output index>`. */
  handle: string
  side: 'input' | 'output'
  name: string
  type: string
  label: string
  optional: boolean
  /** Middle of the socket, from the card's top. */
  y: number
  /** On a widget's row: its label is drawn by the widget. */
  onWidget: boolean
}

export interface WidgetPlace {
  name: string
  input: InputDescription
  widget: Widget
  y: number
  height: number
}

export interface CardLayout {
  kind: 'card' | 'note' | 'reroute' | 'ports' | 'missing'
  width: number
  height: number
  sockets: SocketPlace[]
  widgets: WidgetPlace[]
  /** Advanced widgets that stand at their defaults: only in the inspector. */
  folded: number
  /** What an unknown type holds, shown and kept. */
  kept: { name: string; value: Json; y: number }[]
  /** Room for pictures or texts at the bottom. */
  well?: { y: number; height: number; holds: 'pictures' | 'texts' }
}

const notes = new Set(['Note', 'MarkdownNote'])
const textShowers = new Set(['PreviewAny'])

const isNote = (node: Pick<GraphNode, 'type'>) => notes.has(node.type)

/** How far a card's top lies above the document's `y`: ComfyUI's reroutes have no title row. */
export const riseOf = (node: Pick<GraphNode, 'type' | 'id'>) =>
  node.type === 'Reroute' || isPorts(node) ? 0 : titleHeight

/** `width` of `resize_type.width`: what stands before the dot is on the card already. */
export const ownName = (name: string): string => name.slice(name.indexOf('.') + 1)

const isTall = (widget: Widget) => widget.kind === 'text' && widget.multiline

function wellOf(description: NodeDescription): 'pictures' | 'texts' | undefined {
  const uploads = description.inputs.some(
    ({ widget }) => widget?.kind === 'choice' && widget.upload !== undefined,
  )
  if (uploads) return 'pictures'
  if (!description.outputNode) return undefined
  if (description.inputs.some(({ type }) => type === 'IMAGE' || type === 'MASK')) return 'pictures'
  return textShowers.has(description.type) ? 'texts' : undefined
}

/** Advanced inputs stay off the card while they are at their default. */
function isFolded(input: InputDescription, node: GraphNode, linked: ReadonlySet<string>): boolean {
  if (!input.advanced || linked.has(input.name)) return false
  const value = node.values[input.name]
  return value === undefined || String(value) === String(input.widget?.default)
}

/** `linked` holds the names of inputs that a link feeds. */
export function layOutCard(
  node: GraphNode,
  description: NodeDescription | undefined,
  linked: ReadonlySet<string>,
): CardLayout {
  if (node.type === 'Reroute') return layOutReroute(node)
  const inputs = description?.inputs ?? []
  const there = activeInputs(inputs, node.values)
  const widgetInputs = there.filter(input => input.widget && !input.socketOnly)
  // Sockets of an option that is not chosen stay in the document, and off the card.
  const hidden = new Set(inputs.filter(input => !there.includes(input)).map(({ name }) => name))
  for (const { name } of widgetInputs) hidden.add(name)
  const plain = node.inputs.filter(slot => !slot.widget && !hidden.has(slot.name))
  const sockets: SocketPlace[] = []
  plain.forEach((slot, row) => {
    sockets.push({
      handle: `i:${slot.name}`,
      side: 'input',
      name: slot.name,
      type: slot.type,
      label: slot.label ?? ownName(slot.name),
      optional: slot.optional ?? false,
      y: titleHeight + padding + (row + 0.5) * socketHeight,
      onWidget: false,
    })
  })
  node.outputs.forEach((slot, row) => {
    sockets.push({
      handle: `o:${row}`,
      side: 'output',
      name: slot.name,
      type: slot.type,
      label: slot.label ?? slot.name,
      optional: false,
      y: titleHeight + padding + (row + 0.5) * socketHeight,
      onWidget: false,
    })
  })
  const rows = Math.max(plain.length, node.outputs.length)
  const top = titleHeight + padding + rows * socketHeight
  const shown = widgetInputs.filter(input => !isFolded(input, node, linked))
  const folded = widgetInputs.length - shown.length
  const kept = description
    ? []
    : Object.entries(node.values)
        .slice(0, mostKeptRows)
        .map(([name, value], row) => ({ name, value, y: top + row * socketHeight }))
  const holds = description && wellOf(description)

  const leastHeight =
    top +
    shown.reduce((sum, { widget }) => sum + (isTall(widget!) ? textHeight : widgetHeight), 0) +
    (folded > 0 ? socketHeight : 0) +
    kept.length * socketHeight +
    (holds === 'pictures' ? pictureHeight : holds === 'texts' ? textsHeight : 0) +
    padding
  // What the file gives a card beyond its needs goes to texts and pictures; others stay compact.
  const stretching = shown.filter(({ widget }) => isTall(widget!)).length + (holds ? 1 : 0)
  const height = stretching > 0 ? Math.max(leastHeight, node.height + titleHeight) : leastHeight
  const extra = stretching > 0 ? (height - leastHeight) / stretching : 0

  let y = top
  const widgets = shown.map((input): WidgetPlace => {
    const widget = input.widget!
    const place = {
      name: input.name,
      input,
      widget,
      y,
      height: isTall(widget) ? textHeight + extra : widgetHeight,
    }
    y += place.height
    return place
  })
  for (const { name, input, y: widgetY } of widgets) {
    sockets.push({
      handle: `i:${name}`,
      side: 'input',
      name,
      type: node.inputs.find(slot => slot.name === name)?.type ?? input.type,
      label: name,
      optional: true,
      y: widgetY + widgetHeight / 2 - 1,
      onWidget: true,
    })
  }
  if (folded > 0) y += socketHeight
  const well = holds && { y, height: height - y - padding, holds }
  const layout: CardLayout = {
    kind: isPorts(node) ? 'ports' : isNote(node) ? 'note' : description ? 'card' : 'missing',
    width: Math.max(node.width, holds === 'pictures' ? leastPictureWidth : leastWidth),
    height,
    sockets,
    widgets,
    folded,
    kept,
    well,
  }
  return node.collapsed ? collapse(layout) : layout
}

/** Folded to its title: every socket sits in the middle of its side. */
const collapse = (layout: CardLayout): CardLayout => ({
  ...layout,
  width: Math.min(layout.width, collapsedWidth),
  height: titleHeight,
  sockets: layout.sockets.map(socket => ({ ...socket, y: titleHeight / 2, onWidget: false })),
  widgets: [],
  folded: 0,
  kept: [],
  well: undefined,
})

function layOutReroute(node: GraphNode): CardLayout {
  const y = titleHeight / 2
  const socket = (side: 'input' | 'output', name: string, type: string): SocketPlace => ({
    handle: side === 'input' ? `i:${name}` : 'o:0',
    side,
    name,
    type,
    label: '',
    optional: side === 'input',
    y,
    onWidget: false,
  })
  return {
    kind: 'reroute',
    width: Math.min(Math.max(node.width, 60), 120),
    height: titleHeight,
    sockets: [
      ...node.inputs.map(slot => socket('input', slot.name, slot.type)),
      ...node.outputs.slice(0, 1).map(slot => socket('output', slot.name, slot.type)),
    ],
    widgets: [],
    folded: 0,
    kept: [],
  }
}
