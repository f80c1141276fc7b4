// Calls that come more often than anybody can read.

/** However often it is asked for within one turn of the event loop, it is done once. */
export function oncePerTurn(call: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    setImmediate(() => {
      waiting = false
      call()
    })
  }
}

/** At most once in `everyMs`; the last call is never lost. */
export function throttled(everyMs: number, call: () => void): () => void {
  let waiting: NodeJS.Timeout | undefined
  return () => {
    if (waiting) return
    waiting = setTimeout(() => {
      waiting = undefined
      call()
    }, everyMs)
    waiting.unref()
  }
}
