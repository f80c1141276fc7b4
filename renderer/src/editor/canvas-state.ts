// What goes on on the canvas between two edits: a drag, a link being drawn, an open palette.
import type { ReactFlowInstance } from '@xyflow/react'
import { create } from 'zustand'
import type { NodeId } from '../../../engine/graph/document.ts'
import type { Asset } from '../host/assets.ts'
import type { CardNode, LinkEdge, Position2 } from './flow-elements.ts'

export type Position2Map = Record<NodeId, Position2>

/** One end of a link that is being drawn. */
export interface LooseEnd {
  node: NodeId
  side: 'input' | 'output'
  /** `i:<name>` or `o:<index>` */
  handle: string
  type: string
}

export interface PaletteRequest {
  /** Where the palette opens, in pixels of the window. */
  at: Position2
  /** Where the node will stand, in the canvas' coordinates. */
  place: Position2
  /** Offer only what fits, and connect it. */
  from?: LooseEnd
}

/** A picture that was dropped and that has a choice to offer. */
export interface DroppedPicture {
  asset: Asset
  fileName: string
  /** The card it was set on or that was made for it. */
  node?: NodeId
  /** Where it was dropped, in pixels of the window, and on which card. */
  at: Position2
  onCard?: NodeId
}

interface CanvasState {
  /** Cards on their way: their top left corner. The document learns it when they are let go. */
  dragged: Position2Map
  connecting?: LooseEnd
  palette?: PaletteRequest
  dropped?: DroppedPicture
  /** The group that was clicked last, by its place among the groups. */
  group?: number
  /** A scroll means pan, not zoom. */
  trackpad: boolean
  /** Where the pointer is, in pixels of the window. */
  pointer?: Position2
}

export const useCanvas = create<CanvasState>(() => ({ dragged: {}, trackpad: false }))

type Flow = ReactFlowInstance<CardNode, LinkEdge>
let flow: Flow | undefined

/** The canvas that is mounted; undefined on the start screen and in other rooms. */
export const canvasFlow = (): Flow | undefined => flow
export const setCanvasFlow = (next: Flow | undefined) => {
  flow = next
}

const canvasElement = () => document.querySelector<HTMLElement>('[data-testid="canvas"]')

/** Keys such as Tab and Delete speak to the canvas while it has the focus. */
export const focusCanvas = () => canvasElement()?.focus({ preventScroll: true })

/** The pointer while it is over the canvas, else the middle of the canvas. */
export function pointerOrMiddle(): Position2 {
  const box = canvasElement()?.getBoundingClientRect()
  const { pointer } = useCanvas.getState()
  if (!box) return { x: innerWidth / 2, y: innerHeight / 2 }
  const over =
    pointer &&
    pointer.x > box.left &&
    pointer.x < box.right &&
    pointer.y > box.top &&
    pointer.y < box.bottom
  return over ? pointer : { x: box.left + box.width / 2, y: box.top + box.height / 2 }
}

export const toCanvas = (at: Position2): Position2 => flow?.screenToFlowPosition(at) ?? at

export function openPalette(at = pointerOrMiddle(), from?: LooseEnd) {
  useCanvas.setState({ palette: { at, place: toCanvas(at), from } })
}
export function closePalette() {
  useCanvas.setState({ palette: undefined })
  focusCanvas()
}

/** Brings a node into the middle of the view and selects nothing by itself. */
export function centreOn(id: NodeId) {
  const node = flow?.getNode(id)
  if (!flow || !node) return
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  void flow.setCenter(
    node.position.x + (node.width ?? 0) / 2,
    node.position.y + (node.height ?? 0) / 2,
    { zoom: Math.max(flow.getZoom(), 0.8), duration: still ? 0 : 160 },
  )
}
