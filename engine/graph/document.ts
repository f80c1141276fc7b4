// The workflow document: what the editor edits, what is journalled, what every run remembers.
// Plain immutable data. Values are stored by widget name; ComfyUI's positional form exists only at
// the border (comfy-read.ts, comfy-write.ts). Whatever we do not understand is kept in `rest`.
import type { Json, JsonObject } from './json.ts'

export type NodeId = string
export type LinkId = string

/** ComfyUI's modes 0, 2 and 4. Other numbers (1 on event, 3 on trigger) act as `always` and stay in `rest`. */
export type Mode = 'always' | 'mute' | 'bypass'

/** What happens to a seed after a run. */
export type SeedControl = 'fixed' | 'increment' | 'decrement' | 'randomize'

export interface InputSlot {
  name: string
  /** A socket type such as `IMAGE`; `*` takes anything; `A,B` takes either. */
  type: string
  label?: string
  /** The slot stands for the widget of this name; a link overrides the widget's value. */
  widget?: string
  optional?: boolean
  rest?: JsonObject
}

export interface OutputSlot {
  name: string
  type: string
  label?: string
  rest?: JsonObject
}

export interface GraphNode {
  id: NodeId
  /** ComfyUI's class type, or the id of a subgraph definition of the same document. */
  type: string
  title?: string
  x: number
  y: number
  width: number
  height: number
  mode: Mode
  collapsed?: boolean
  /** Stays where it is on the canvas. */
  pinned?: boolean
  color?: string
  inputs: InputSlot[]
  outputs: OutputSlot[]
  /** Widget values by widget name. */
  values: Record<string, Json>
  /** Per widget that has a control-after-generate companion. */
  controls?: Record<string, SeedControl>
  rest?: JsonObject
}

export interface Link {
  id: LinkId
  from: NodeId
  fromSlot: number
  to: NodeId
  toSlot: number
  type: string
  rest?: JsonObject
}

export interface Group {
  title: string
  x: number
  y: number
  width: number
  height: number
  color?: string
  rest?: JsonObject
}

/** One canvas: the root of a document or the inside of a subgraph. */
export interface Graph {
  nodes: Record<NodeId, GraphNode>
  links: Record<LinkId, Link>
  groups: Group[]
}

/** The ends of a subgraph: links inside it use these as node ids. */
export const subgraphInputId: NodeId = '-10'
export const subgraphOutputId: NodeId = '-20'

export interface SubgraphPort {
  id: string
  name: string
  type: string
  label?: string
  rest?: JsonObject
}

export interface Subgraph extends Graph {
  id: string
  name: string
  inputs: SubgraphPort[]
  outputs: SubgraphPort[]
  rest?: JsonObject
}

export interface Document extends Graph {
  subgraphs: Record<string, Subgraph>
  /** Everything else the file held (id, revision, extra, config, version …), as read. */
  rest?: JsonObject
}

/** The subgraph that nodes of this type stand for. */
export const subgraphOf = (document: Document, type: string): Subgraph | undefined =>
  Object.hasOwn(document.subgraphs, type) ? document.subgraphs[type] : undefined

export const emptyDocument = (): Document => ({ nodes: {}, links: {}, groups: [], subgraphs: {} })
