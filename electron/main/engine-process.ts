// The engine process in the desktop app. Electron's program cannot be run as Node (a fuse forbids
// it), so the engine lives in a utility process; this makes it look like a forked child.
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { UtilityProcess } from 'electron'
import type { Electron } from './electron.ts'

class UtilityChildProcess extends EventEmitter {
  connected = true
  private readonly utilityProcess: UtilityProcess

  constructor(process: UtilityProcess) {
    super()
    this.utilityProcess = process
    process.on('message', message => this.emit('message', message))
    process.on('exit', code => {
      this.connected = false
      this.emit('exit', code, null)
    })
  }

  get pid() {
    return this.utilityProcess.pid
  }
  get stdout() {
    return this.utilityProcess.stdout
  }
  get stderr() {
    return this.utilityProcess.stderr
  }
  send(message: unknown): boolean {
    this.utilityProcess.postMessage(message)
    return true
  }
  disconnect(): void {
    this.connected = false
    this.utilityProcess.kill()
  }
  /** A utility process takes no signal by name; one that must go is killed by its pid. */
  kill(signal?: NodeJS.Signals): boolean {
    const { pid } = this.utilityProcess
    if (pid === undefined) return false
    try {
      return process.kill(pid, signal)
    } catch {
      return false
    }
  }
}

/** Starts the bundled `engine.mjs`; hand this to the local engine as its `spawn`. */
export function spawnEngine({ utilityProcess }: Electron, script: string): ChildProcess {
  const started = utilityProcess.fork(script, [], {
    serviceName: 'ComfyRunner engine',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new UtilityChildProcess(started) as unknown as ChildProcess
}
