// The real thing, killed without warning: `serve` in a process of its own with the real engine.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Contract } from '../api/contract.ts'
import { emptyDocument } from '../graph/document.ts'
import { documentText } from '../graph/open-workflow.ts'
import { endlessPrompt, jsonOf, smallPrompt } from './fixtures/test-host.ts'

let dir: string
let child: ChildProcess | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'restart-'))
})
afterEach(async () => {
  await kill()
  rmSync(dir, { recursive: true, force: true })
})

async function start(): Promise<string> {
  const cli = join(import.meta.dirname, 'cli.ts')
  child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--data-dir', dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr!.on('data', text => {
    said += text
  })
  for await (const text of child.stdout!) {
    const url = /http:\S+/.exec(String(text))?.[0]
    if (url) return url
  }
  throw new Error(`serve did not start: ${said}`)
}

async function kill(): Promise<void> {
  const ending = child
  child = undefined
  if (!ending || ending.exitCode !== null || ending.signalCode) return
  const gone = new Promise(resolve => ending.once('exit', resolve))
  ending.kill('SIGKILL')
  await gone
}

const wait = async <T>(ask: () => Promise<T | undefined | false>): Promise<T> => {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('It did not happen in time.')
}
const json = async (url: string) => jsonOf(await fetch(url))
const queue = async (url: string, prompt: object, prompt_id: string) => {
  const answer = await fetch(`${url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt, prompt_id }),
  })
  expect([answer.status, (await jsonOf(answer)).node_errors]).toEqual([200, {}])
}
const endless = endlessPrompt({ class_type: 'PreviewImage', inputs: { images: ['5', 0] } })
const running = async (url: string) => (await json(`${url}/queue`)).queue_running[0]?.[1]
const status = async (url: string, id: string) =>
  (await json(`${url}/history/${id}`))[id]?.status as
    | { status_str: string; messages: [string, Record<string, string>][] }
    | undefined

test('kill -9 of the host: history, queue and drafts are there, what ran is said to have failed', async () => {
  let url = await start()
  await queue(url, smallPrompt(), 'before')
  await wait(() => status(url, 'before'))
  const socket = new WebSocket(`${url.replace('http', 'ws')}/rpc`)
  const page: ContractRouterClient<Contract> = createORPCClient(
    new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }),
  )
  const { id } = await page.workflows.create({ name: 'W', document: documentText(emptyDocument()) })
  await queue(url, endless, 'endless')
  await queue(
    url,
    smallPrompt({
      '1': {
        class_type: 'EmptyImage',
        inputs: { width: 16, height: 8, batch_size: 1, color: 255 },
      },
    }),
    'after',
  )
  await wait(async () => (await running(url)) === 'endless')
  const edited = documentText({
    ...emptyDocument(),
    groups: [{ title: 'Edit', x: 0, y: 0, width: 9, height: 9 }],
  })
  await page.workflows.draft({ id, document: edited })
  await kill()
  socket.terminate()

  url = await start()
  const again = new WebSocket(`${url.replace('http', 'ws')}/rpc`)
  const client: ContractRouterClient<Contract> = createORPCClient(
    new RPCLink({ websocket: again as unknown as globalThis.WebSocket }),
  )
  expect((await client.workflows.open({ id })).document).toBe(edited)
  const after = await wait(() => status(url, 'after'))
  expect(after.status_str).toBe('success')
  expect((await status(url, 'before'))!.status_str).toBe('success')
  const failed = (await client.runs.open({ id: 'endless' })).run
  expect(failed).toMatchObject({
    state: 'failed',
    failure: { message: 'The app ended while it ran.' },
  })
  expect((await client.outputs.list({ limit: 10 })).outputs.map(output => output.run)).toEqual([
    'after',
    'before',
  ])
  again.terminate()
})

test.skipIf(!existsSync('/proc/self/task'))(
  'kill -9 of the engine: the run fails with the reason, the next one runs',
  async () => {
    const url = await start()
    await queue(url, endless, 'endless')
    await queue(url, smallPrompt(), 'after')
    await wait(async () => (await running(url)) === 'endless')
    const { pid } = child!
    const [engine] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    process.kill(Number(engine), 'SIGKILL')
    const failed = await wait(() => status(url, 'endless'))
    expect(failed.status_str).toBe('error')
    expect(failed.messages.at(-1)![1].exception_message).toContain('engine process ended')
    expect((await wait(() => status(url, 'after'))).status_str).toBe('success')
  },
)

test('a second serve on the same folder is refused with what to do; SIGTERM ends the first', async () => {
  await start()
  const first = child!
  await expect(start()).rejects.toThrow(/already running/)
  const gone = new Promise(resolve => first.once('exit', resolve))
  first.kill('SIGTERM')
  expect(await gone).toBe(0)
})
