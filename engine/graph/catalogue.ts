// What is known about node types, as data: ours (derived from `defineNode`) or a ComfyUI's
// (derived from its `/object_info`). The editor draws from it, validation checks against it.
import type { Json, JsonObject } from './json.ts'

export type Widget =
  | {
      kind: 'int'
      default: number
      min: number
      max: number | bigint
      step: number
      seed?: boolean
    }
  | { kind: 'float'; default: number; min: number; max: number; step: number; round?: number }
  | { kind: 'text'; default: string; multiline: boolean; dynamicPrompts?: boolean }
  | { kind: 'toggle'; default: boolean; on?: string; off?: string }
  | {
      kind: 'choice'
      default: Json
      options: Json[]
      /** Where the options come from, when they are files: a models folder, or `input`. */
      folder?: string
      upload?: 'image' | 'mask'
      /** Has a control-after-generate companion, as a seed has. */
      control?: boolean
    }

export interface InputDescription {
  name: string
  /** `IMAGE`, `INT`, `FLOAT`, `STRING`, `BOOLEAN`, `COMBO`, `*`, `A,B` … */
  type: string
  optional: boolean
  widget?: Widget
  about?: string
  /** The widget starts as a socket (ComfyUI's forceInput). */
  socketOnly?: boolean
  /** Hidden behind "more" on the card. */
  advanced?: boolean
  lazy?: boolean
  /** There only while the choice `input` holds one of these options. See dynamic-inputs.ts. */
  when?: { input: string; is: string[] }
  /** One of a row of sockets of this name that grows as they are connected. */
  grows?: string
  /** `[type, options]` as a ComfyUI described it, where ours would read differently. */
  spec?: Json[]
}

export interface OutputDescription {
  name: string
  type: string
  /** The node answers a list that the executor maps over. */
  list?: boolean
  about?: string
}

/** Filled in by the executor, never by the user: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`. */
export type HiddenInput = 'PROMPT' | 'EXTRA_PNGINFO' | 'UNIQUE_ID' | 'DYNPROMPT'

export interface NodeDescription {
  type: string
  title: string
  category: string
  about: string
  inputs: InputDescription[]
  outputs: OutputDescription[]
  hidden: Record<string, HiddenInput>
  /** Ends a workflow: a prompt needs at least one. */
  outputNode: boolean
  /** Takes whole lists (ComfyUI's INPUT_IS_LIST). */
  inputIsList?: boolean
  /** Exists on the canvas only, never runs: Note, Reroute, PrimitiveNode … */
  virtual?: boolean
  deprecated?: boolean
  experimental?: boolean
  /** Words the palette also finds it by. */
  aliases?: string[]
  /** What a ComfyUI says of the node beyond the above: python_module, api_node … */
  rest?: JsonObject
}

export type Catalogue = Record<string, NodeDescription>

/** What is known of a type. Files name types: `constructor` must not find something. */
export const descriptionOf = (catalogue: Catalogue, type: string): NodeDescription | undefined =>
  Object.hasOwn(catalogue, type) ? catalogue[type] : undefined

/** Bounds of a number that declares none. */
export const unboundedInt = Number.MAX_SAFE_INTEGER
export const unboundedFloat = Number.MAX_VALUE

/** Whether the input shows a widget (a forced socket has none). */
export const hasWidget = (input: InputDescription): boolean =>
  input.widget !== undefined && !input.socketOnly

/** `MODEL`, `IMAGE` …: what only another node can give. Unions, `*` and types with a widget may be written down. */
export const needsLink = ({ type, widget }: { type: string; widget?: unknown }): boolean =>
  !widget && /^[A-Z_]+$/.test(type) && !/^(INT|FLOAT|STRING|BOOLEAN|COMBO)$/.test(type)

/** Whether the widget has a control-after-generate companion: seeds, and choices that ask for it. */
export const hasControl = ({ widget }: InputDescription): boolean =>
  (widget?.kind === 'int' && widget.seed === true) ||
  (widget?.kind === 'choice' && widget.control === true)

/** Whether an output of type `from` may feed an input of type `to`. Types may be `*` or comma lists. */
export function typesMatch(from: string, to: string): boolean {
  if (from === to || from === '*' || to === '*') return true
  const accepted = new Set(to.split(',').map(type => type.trim()))
  return from.split(',').some(type => accepted.has(type.trim()) || accepted.has('*'))
}
