// Ends the engine process when its host is gone, even in the middle of a long computation: the
// `disconnect` event waits for the main thread, which onnxruntime or a loop may keep for minutes.
import { Worker } from 'node:worker_threads'

const checkEveryMs = 1000

/** As text: it must start in a bundle too, where it has no file of its own. */
const watch = `
const host = require('node:worker_threads').workerData
setInterval(() => {
  if (process.ppid !== host) process.kill(process.pid, 'SIGKILL')
}, ${checkEveryMs})
`

/** Call once in the engine process. An adopted process (its parent changed) kills itself. */
export function endWithHost(host = process.ppid): void {
  new Worker(watch, { eval: true, workerData: host, execArgv: [] }).unref()
}
