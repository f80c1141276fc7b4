// What a page that comes late must hear of the run that goes on.
import type { HostEvent } from '../api/contract.ts'

const eventsLimit = 5000

export interface LiveRun {
  record(event: HostEvent): void
  /** In order; of each node only what still counts. */
  events(): readonly HostEvent[]
}

export function createLiveRun(): LiveRun {
  /** By node and kind; a newer one goes to the end. */
  const events = new Map<string, HostEvent>()
  const put = (key: string, event: HostEvent) => {
    events.delete(key)
    events.set(key, event)
    if (events.size <= eventsLimit) return
    const [oldest] = events.keys()
    events.delete(oldest!)
  }
  return {
    record(event) {
      switch (event.type) {
        case 'run':
          // Begun: nothing has happened yet. Ended: nothing is live any more.
          if (event.run.state !== 'queued') events.clear()
          break
        case 'cached':
          put('cached', event)
          break
        case 'started':
        case 'progress':
        case 'shown':
          put(`${event.type} ${event.node}`, event)
          break
        case 'done':
          // A node that is done was started, and its progress is of no more interest.
          events.delete(`started ${event.node}`)
          events.delete(`progress ${event.node}`)
          put(`done ${event.node}`, event)
          break
      }
    },
    events: () => [...events.values()],
  }
}
