// ComfyUI's API form: what a run executes. Node ids are paths through subgraphs (`57:44`).

import type { NodeId } from './document.ts'
import type { Json, JsonObject } from './json.ts'

/** `[node id, output index]` */
export type PromptLink = [NodeId, number]

export interface PromptNode {
  class_type: string
  inputs: Record<string, Json>
  _meta?: { title?: string } & JsonObject
}

export type Prompt = Record<NodeId, PromptNode>

/** A two-element array of an id and an index is a link, as in ComfyUI; other arrays come as `{__value__: […]}`. */
export const isLink = (value: unknown): value is PromptLink =>
  Array.isArray(value) &&
  value.length === 2 &&
  (typeof value[0] === 'string' || typeof value[0] === 'number') &&
  Number.isInteger(value[1])
