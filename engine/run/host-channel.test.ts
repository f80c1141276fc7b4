import { EventEmitter } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import { hostChannel } from './host-channel.ts'
import type { FromEngine, ToEngine } from './protocol.ts'

const electron = process as unknown as { parentPort?: unknown }
afterEach(() => {
  delete electron.parentPort
})

it('speaks over the parent port in an Electron utility process', () => {
  const posted: unknown[] = []
  const port = Object.assign(new EventEmitter(), { postMessage: (m: unknown) => posted.push(m) })
  electron.parentPort = port
  const heard: ToEngine[] = []
  const channel = hostChannel()
  channel.listen(message => heard.push(message))
  const interrupt: ToEngine = { type: 'interrupt', job: 'a' }
  const ready: FromEngine = { type: 'ready', provider: 'cpu' }
  port.emit('message', { data: interrupt })
  channel.send(ready)
  expect(heard).toEqual([interrupt])
  expect(posted).toEqual([ready])
})
