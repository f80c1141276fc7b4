// What a node is given beside its inputs: progress, files, models, the prompt it is part of.
import { isObject, readJson } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'
import type { Preview, RunContext } from '../nodes/define.ts'
import type { Job, Place, RunEvent } from './events.ts'
import type { RunGraph, RunNode } from './planner.ts'

/** Progress without a preview is said at most this often, and at the end. */
const PROGRESS_MS = 16

/** The same for all nodes of a run. */
export interface Setting extends Omit<RunContext, 'nodeId' | 'progress'> {
  emit(event: RunEvent): void
}

/** @throws SyntaxError if the job's texts are not JSON */
export function settingOf(
  job: Job,
  { files, models }: Pick<RunContext, 'files' | 'models'>,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Setting {
  const prompt = readJson(job.prompt)
  const pngInfo = readJson(job.pngInfo)
  if (!isObject(prompt)) throw new SyntaxError('The prompt is not an object of nodes.')
  return {
    prompt: prompt as unknown as Prompt,
    pngInfo: isObject(pngInfo) ? pngInfo : {},
    previews: job.previews,
    files,
    models,
    signal,
    emit,
  }
}

/** How events name a node. */
export const placeOf = ({ id, display }: RunNode): Place =>
  display === undefined ? { node: id } : { node: id, display }

export function contextOf(node: RunNode, { emit, ...setting }: Setting): RunContext {
  let saidMs = Number.NEGATIVE_INFINITY
  return {
    ...setting,
    nodeId: node.id,
    progress(done: number, of: number, preview?: Preview, doing?: string) {
      const now = performance.now()
      if (!preview && done < of && now - saidMs < PROGRESS_MS) return
      saidMs = now
      emit({ type: 'progress', done, of, preview, doing, ...placeOf(node) })
    },
  }
}

export function hiddenInputs(
  { id, type }: RunNode,
  { prompt, pngInfo }: Setting,
  graph: RunGraph,
): Record<string, unknown> {
  const values = {
    PROMPT: prompt,
    EXTRA_PNGINFO: pngInfo,
    UNIQUE_ID: id,
    /** The running graph, expanded nodes included. */
    DYNPROMPT: graph.nodes,
  }
  return Object.fromEntries(
    Object.entries(type.hidden ?? {}).map(([name, kind]) => [name, values[kind]]),
  )
}
