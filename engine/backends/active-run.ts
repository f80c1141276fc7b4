// A run on its way through the engine process: what it has done, so that it can be said how it ended
// also when the process cannot say it any more.
import type { NodeId } from '../graph/document.ts'
import { isEnd, type Job, type RunEvent, type RunFailure } from '../run/events.ts'

export interface ActiveRun {
  readonly job: Job
  /** Nodes that are done. */
  readonly executed: NodeId[]
  /** Resolves with its last event. */
  readonly ended: Promise<void>
  sent: boolean
  interrupted: boolean
  /** Ends the process if the run does not stop. */
  escalation?: NodeJS.Timeout
  emit(event: RunEvent): void
  /** What there is to say when its process is gone. */
  failureOf(how: string, logTail: string, onGpu: boolean): RunFailure
}

export function activeRun(job: Job, onEvent: (event: RunEvent) => void): ActiveRun {
  const executed: NodeId[] = []
  /** Nodes that have started and are not done. */
  const working = new Set<NodeId>()
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  return {
    job,
    executed,
    ended,
    sent: false,
    interrupted: false,
    emit(event) {
      if (event.type === 'started') working.add(event.node)
      if (event.type === 'done' && working.delete(event.node)) executed.push(event.node)
      try {
        onEvent(event)
      } finally {
        if (isEnd(event)) resolve()
      }
    },
    failureOf(how, logTail, onGpu) {
      const node = [...working].at(-1)
      const where = node === undefined ? '' : ` while node ${node} was running`
      return {
        type: 'failed',
        code: 'engine_died',
        message: `The engine process ended unexpectedly${where} (${how}).`,
        hint: hintFor(how, logTail, onGpu),
        exceptionType: 'EngineDied',
        traceback: logTail.trim() ? logTail.trim().split('\n') : undefined,
        executed,
      }
    },
  }
}

function hintFor(how: string, logTail: string, onGpu: boolean): string {
  if (how.includes('SIGKILL') || /bad_alloc|out of memory/i.test(logTail))
    return 'Most often the memory of the machine was used up: try a smaller picture. The engine has been started again.'
  if (onGpu)
    return 'The engine has been started again. If it happens again, choose the processor in the settings: the GPU’s driver may be the cause.'
  return 'The engine has been started again: run once more. If it happens again, please report it.'
}
