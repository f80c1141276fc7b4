// How the engine process talks to whoever started it: the IPC channel of a forked Node process, or
// the parent port of an Electron utility process.
import type { FromEngine, ToEngine } from './protocol.ts'

export interface HostChannel {
  send(message: FromEngine): void
  listen(listener: (message: ToEngine) => void): void
}

/** The part of Electron's `process.parentPort` that is used here. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: ToEngine }) => void): void
}

export function hostChannel(): HostChannel {
  const { parentPort } = process as unknown as { parentPort?: ParentPort }
  if (parentPort)
    return {
      send: message => parentPort.postMessage(message),
      listen: listener => parentPort.on('message', ({ data }) => listener(data)),
    }
  return {
    send(message) {
      // A host that has just gone away is no error here: `disconnect` follows.
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    },
    listen(listener) {
      process.on('message', listener)
      // The host is gone: no orphan goes on computing. (Electron ends utility processes itself.)
      process.on('disconnect', () => process.exit(0))
    },
  }
}
