// What a node is given beside its inputs: progress, files, models, the prompt it is part of.
import { isObject, readJson } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'
import type { Preview, RunContext } from '../nodes/define.ts'
import type { Job, NodeReference, RunEvent } from './events.ts'
import type { RunGraph, RunNode } from './planner.ts'

/** Progress without a preview is said at most this often, and at the end. */
const progressEveryMs = 16

/** The same for all nodes of a run. */
export interface RunSetting extends Omit<RunContext, 'nodeId' | 'progress'> {
  emit(event: RunEvent): void
}

/** @throws SyntaxError if the job's texts are not JSON */
export function runSetting(
  job: Job,
  { files, models }: Pick<RunContext, 'files' | 'models'>,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): RunSetting {
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
export const nodeReference = ({ id, display }: RunNode): NodeReference =>
  display === undefined ? { node: id } : { node: id, display }

export function contextOf(node: RunNode, { emit, ...setting }: RunSetting): RunContext {
  let lastEmitMs = Number.NEGATIVE_INFINITY
  return {
    ...setting,
    nodeId: node.id,
    progress(done: number, of: number, preview?: Preview, doing?: string) {
      const now = performance.now()
      if (!preview && done < of && now - lastEmitMs < progressEveryMs) return
      lastEmitMs = now
      emit({ type: 'progress', done, of, preview, doing, ...nodeReference(node) })
    },
  }
}

export function hiddenInputs(
  { id, type }: RunNode,
  { prompt, pngInfo }: RunSetting,
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
