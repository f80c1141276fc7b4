// What a run says while it goes on, in order: cached, then per node started, progress…, done, shown;
// last exactly one of finished, failed, interrupted. The same events cross the process border.
import type { NodeId } from '../graph/document.ts'
import type { Preview, Shown } from '../nodes/define.ts'
import type { InputSummary } from './input-summary.ts'

export type RunEvent =
  /** Nodes whose results are reused, named before anything runs. */
  | { type: 'cached'; nodes: NodeId[] }
  | ({ type: 'started' } & NodeReference)
  /** `doing`: where it is not the node's own work but something that has to be done before, once. */
  | ({
      type: 'progress'
      done: number
      of: number
      preview?: Preview
      doing?: string
    } & NodeReference)
  /** Without a `started` before it: an equal node of the same run had the result already. */
  | ({ type: 'done'; ms: number } & NodeReference)
  /** An output node's ui object; resent for cached output nodes. */
  | ({ type: 'shown'; shown: Shown; cached: boolean } & NodeReference)
  /** The run goes on without this branch (an execution blocker with a message). */
  | ({ type: 'blocked'; message: string } & NodeReference)
  | RunFailure
  | { type: 'interrupted'; node?: NodeId; executed: NodeId[] }
  | { type: 'finished' }

/** The last event of a run. */
export type End = Extract<RunEvent, { type: 'finished' | 'failed' | 'interrupted' }>

export const isEnd = (event: RunEvent): event is End =>
  event.type === 'finished' || event.type === 'failed' || event.type === 'interrupted'

export interface NodeReference {
  node: NodeId
  /** For a node that another one expanded to: the node of the queued prompt it is shown as. */
  display?: NodeId
}

export interface RunFailure {
  type: 'failed'
  /** Absent when the engine process itself died. */
  node?: NodeId
  nodeType?: string
  /** For programs: `model_missing`, `out_of_memory`, `engine_died`, `node_failed` … */
  code: string
  /** What happened, in words for a person. */
  message: string
  /** What to do next. */
  hint?: string
  /** For logs and ComfyUI clients; never shown on the page. */
  exceptionType?: string
  traceback?: string[]
  /** For ComfyUI's clients too: what the node was given. */
  inputs?: InputSummary
  executed: NodeId[]
}

/** A prompt on its way to the engine process. Numbers survive because graphs travel as JSON text. */
export interface Job {
  id: string
  /** API form, lossless JSON text. */
  prompt: string
  /** Output nodes to run; all of them when absent (ComfyUI's partial execution). */
  targets?: NodeId[]
  /** Written into pictures beside `prompt`: at least `workflow`. Lossless JSON text of an object. */
  pngInfo: string
  /** Whether anybody looks at previews. */
  previews: boolean
}
