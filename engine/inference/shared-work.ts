// Long work that several may wait for: done once, told to all of them, and given up when the last of
// them leaves.

export interface Watch {
  signal?: AbortSignal
  /** `doing`: words for it, where several things may be going on. */
  progress?(done: number, of: number, doing?: string): void
}

export interface SharedWork {
  watches: Set<Watch>
  abort: AbortController
  done: Promise<void>
}

/**
 * Begins the work called `key`, or waits for it if it has begun.
 * @throws the signal's reason, at the latest when the work ends; the others go on waiting
 */
export async function watched(
  works: Map<string, SharedWork>,
  key: string,
  watch: Watch,
  begin: (all: Required<Watch>) => Promise<void>,
): Promise<void> {
  watch.signal?.throwIfAborted()
  // Work that has been given up is cleared away first, then begun anew.
  for (let old = works.get(key); old?.abort.signal.aborted; old = works.get(key))
    await old.done.catch(() => {})
  watch.signal?.throwIfAborted()
  const work = works.get(key) ?? start(works, key, begin)
  // The same watch twice is two who wait.
  const mine = { ...watch }
  work.watches.add(mine)
  const leave = () => {
    work.watches.delete(mine)
    if (work.watches.size === 0) work.abort.abort(watch.signal?.reason)
  }
  watch.signal?.addEventListener('abort', leave)
  try {
    await work.done
  } finally {
    watch.signal?.removeEventListener('abort', leave)
  }
  watch.signal?.throwIfAborted()
}

function start(
  works: Map<string, SharedWork>,
  key: string,
  begin: (all: Required<Watch>) => Promise<void>,
): SharedWork {
  const watches = new Set<Watch>()
  const abort = new AbortController()
  const progress = (done: number, of: number, doing?: string) => {
    for (const watch of watches) watch.progress?.(done, of, doing)
  }
  // Begun in a moment, when it is known by its key.
  const done = Promise.resolve()
    .then(() => begin({ signal: abort.signal, progress }))
    .finally(() => works.delete(key))
  const work = { watches, abort, done }
  works.set(key, work)
  return work
}
