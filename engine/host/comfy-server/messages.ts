// The messages that both `/ws` and `/history` tell.
import type { Json, JsonObject } from '../../graph/json.ts'
import type { RunFailure } from '../../run/events.ts'

/** `execution_error`. */
export const failureMessage = (run: string, failure: RunFailure): JsonObject => ({
  prompt_id: run,
  node_id: failure.node ?? null,
  node_type: failure.nodeType ?? null,
  executed: failure.executed,
  exception_message: [failure.message, failure.hint].filter(Boolean).join(' '),
  exception_type: failure.exceptionType ?? failure.code,
  traceback: failure.traceback ?? [],
  current_inputs: failure.inputs ?? {},
  current_outputs: failure.executed,
})

export const interruptMessage = (
  run: string,
  { node, executed }: { node?: string; executed: string[] },
): JsonObject => ({
  prompt_id: run,
  node_id: node ?? null,
  node_type: null,
  executed: executed as Json[],
})
