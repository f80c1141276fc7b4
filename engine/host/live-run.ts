// What a page that comes late must hear of the run that goes on.
import type { HostEvent } from '../api/contract.ts'

const EVENTS_LIMIT = 5000

export interface LiveRun {
  take(event: HostEvent): void
  /** In order; of each node's progress only the newest. */
  events(): readonly HostEvent[]
}

export function createLiveRun(): LiveRun {
  let events: HostEvent[] = []
  return {
    take(event) {
      switch (event.type) {
        case 'run':
          // Begun: nothing has happened yet. Ended: nothing is live any more.
          if (event.run.state !== 'queued') events = []
          break
        case 'progress':
          events = events.filter(other => other.type !== 'progress' || other.node !== event.node)
          events.push(event)
          break
        case 'cached':
        case 'started':
        case 'done':
        case 'shown':
          events.push(event)
          break
      }
      if (events.length > EVENTS_LIMIT) events.shift()
    },
    events: () => events,
  }
}
