// What the host needs of an engine: the local process, a stand-in in tests, later a ComfyUI.
import { type LocalEngine, startLocalEngine } from '../backends/local-engine.ts'
import type { EngineConfig } from '../run/protocol.ts'

export type Engine = Omit<LocalEngine, 'pid'>
export type StartEngine = (config: EngineConfig) => Engine

export const localEngine: StartEngine = config => startLocalEngine(config)

/**
 * An engine that can be given another configuration: the process is replaced, at once when it is
 * idle, else when the present run has ended.
 */
export interface ReplaceableEngine extends Engine {
  reconfigure(config: EngineConfig): void
}

export function replaceableEngine(start: StartEngine, config: EngineConfig): ReplaceableEngine {
  let engine = start(config)
  let next: EngineConfig | undefined
  let running = false
  const listeners = new Set<() => void>()
  const notifyListeners = () => {
    for (const listener of listeners) listener()
  }
  engine.subscribe(notifyListeners)

  const replace = () => {
    if (!next || running) return
    const old = engine
    engine = start(next)
    next = undefined
    engine.subscribe(notifyListeners)
    void old.close()
    notifyListeners()
  }
  return {
    async run(job, onEvent, signal) {
      running = true
      try {
        await engine.run(job, onEvent, signal)
      } finally {
        running = false
        replace()
      }
    },
    reconfigure(config) {
      next = config
      replace()
    },
    free: results => engine.free(results),
    close: () => engine.close(),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get state() {
      return engine.state
    },
    get memory() {
      return engine.memory
    },
    get provider() {
      return engine.provider
    },
    get notices() {
      return engine.notices
    },
  }
}
