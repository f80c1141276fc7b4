// One stream of events to every page. A slow page never makes the queue grow without bound: newer
// states replace older ones that it has not read, and when all else fails it starts over.
import type { HostEvent } from '../api/contract.ts'

/** Events that a page may be behind before it is given the present state instead. */
export const backlogLimit = 2000

export interface EventHub {
  emit(event: HostEvent): void
  /** The present state first, then everything that happens. Ends with the signal. */
  subscribe(signal?: AbortSignal): AsyncGenerator<HostEvent, void>
  readonly subscribers: number
}

/** Two events with one key: only the newer matters. */
function keyOf(event: HostEvent): string | undefined {
  switch (event.type) {
    case 'progress':
      return `progress ${event.run} ${event.node}`
    case 'queue':
    case 'workflows':
    case 'system':
    case 'account':
    case 'catalogue':
      return event.type
    default:
      return undefined
  }
}

export function createEventHub(snapshot: () => HostEvent[]): EventHub {
  const listeners = new Set<(event: HostEvent) => void>()
  /** Where a link led that started the app: nobody has been there to go along. */
  const unseen: HostEvent[] = []

  async function* subscribe(signal?: AbortSignal): AsyncGenerator<HostEvent, void> {
    let backlog: HostEvent[] = []
    let limit = 0
    let wake = () => {}
    /** The present state is put together when it is read: a reader that is far behind costs nothing. */
    let needsSnapshot = true
    const startOver = () => {
      backlog = [...snapshot(), ...unseen.splice(0)]
      // The state itself may be long (a run of a thousand nodes): it alone must not be too much.
      limit = backlog.length + backlogLimit
      needsSnapshot = false
    }
    const listen = (event: HostEvent) => {
      if (needsSnapshot) return
      const key = keyOf(event)
      const older = key ? backlog.findIndex(waiting => keyOf(waiting) === key) : -1
      // A queue or progress event may be moved later, never earlier than what came between.
      if (older >= 0) backlog.splice(older, 1)
      backlog.push(event)
      if (backlog.length > limit) {
        backlog = []
        needsSnapshot = true
      }
      wake()
    }
    const onAbort = () => wake()
    listeners.add(listen)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      while (!signal?.aborted) {
        if (needsSnapshot) startOver()
        const event = backlog.shift()
        if (event) yield event
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    } finally {
      listeners.delete(listen)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    emit: event => {
      if (event.type === 'visit' && listeners.size === 0) unseen.splice(0, 1, event)
      for (const listen of listeners) listen(event)
    },
    subscribe,
    get subscribers() {
      return listeners.size
    },
  }
}
