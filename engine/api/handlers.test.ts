// The contract as the page uses it: a real client over a real WebSocket.
import { existsSync, readdirSync } from 'node:fs'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { fromPrompt } from '../graph/comfy-prompt.ts'
import { emptyDocument } from '../graph/document.ts'
import { readJson, writeJson } from '../graph/json.ts'
import { documentText, readDocument } from '../graph/open-workflow.ts'
import type { Prompt } from '../graph/prompt.ts'
import { smallPrompt, type TestHost, testHost, until } from '../host/fixtures/test-host.ts'
import { type Server, serve } from '../host/serve.ts'
import type { RunEvent } from '../run/events.ts'
import type { Contract, HostEvent } from './contract.ts'

type Client = ContractRouterClient<Contract>
let script: (say: (event: RunEvent) => void, signal: AbortSignal) => void | Promise<void>
let host: TestHost
let server: Server
let socket: WebSocket
let page: Client

function connect() {
  socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`)
  page = createORPCClient(new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }))
}
beforeEach(async () => {
  script = () => {}
  host = testHost((_, say, signal) => script(say, signal))
  server = await serve(host.host, { listen: '127.0.0.1', port: 0 })
  host.host.system.ownPorts.add(8188)
  connect()
})
afterEach(async () => {
  socket.terminate()
  await server.close()
  await host.end()
})

const smallDocument = () =>
  documentText(
    fromPrompt(readJson(JSON.stringify(smallPrompt())) as unknown as Prompt, host.host.catalogue()),
  )

/** Everything that the page hears from now on. */
async function listen() {
  const heard: HostEvent[] = []
  const events = await page.events()
  void (async () => {
    for await (const event of events) heard.push(event)
  })().catch(() => {})
  await until(() => heard.some(event => event.type === 'workflows'))
  return heard
}
const saves = (filename: string) => (say: (event: RunEvent) => void) => {
  say({ type: 'cached', nodes: ['1'] })
  say({ type: 'started', node: '3' })
  say({
    type: 'progress',
    node: '3',
    done: 1,
    of: 2,
    preview: { mime: 'image/jpeg', bytes: new Uint8Array([1]) },
  })
  say({ type: 'done', node: '3', ms: 5 })
  say({
    type: 'shown',
    node: '3',
    cached: false,
    shown: { images: [{ filename, subfolder: '', type: 'output' }], text: ['words'] },
  })
}

test('a run from start to gallery, its picture to the trash and back', async () => {
  await host.picture('output', 'made.png')
  script = saves('made.png')
  const heard = await listen()
  const document = smallDocument()
  const workflow = await page.workflows.create({ name: 'Small', document })
  const { run, problems } = await page.runs.start({
    workflow: workflow.id,
    name: 'Small',
    document,
  })
  expect(problems).toEqual([])
  await until(() => heard.find(event => event.type === 'run' && event.run.state === 'done'))
  const own = heard
    .filter(event => 'run' in event && event.run === run!.id)
    .map(event => event.type)
  expect(own).toEqual(['cached', 'started', 'progress', 'done', 'shown'])
  const shown = heard.find(event => event.type === 'shown')!
  expect(shown).toMatchObject({ node: '3', texts: ['words'], pictures: [{ width: 8, height: 6 }] })
  const output = heard.find(event => event.type === 'output')!.output
  expect((await fetch(`${server.url}/assets/${output.hash}`)).status).toBe(200)

  expect(await page.outputs.list({ limit: 10, search: 'test' })).toMatchObject({ total: 1 })
  const opened = await page.outputs.open({ id: output.id })
  expect(opened.run.id).toBe(run!.id)
  expect(opened.document).toBe(document)
  expect((await page.workflows.list())[0]!.thumbnail).toBe(output.hash)

  await page.outputs.remove({ ids: [output.id] })
  expect(readdirSync(host.host.folders.trash)).toEqual([`${output.id}-made.png`])
  expect(existsSync(`${host.host.folders.output}/made.png`)).toBe(false)
  expect((await page.outputs.list({ limit: 10 })).total).toBe(0)
  await page.outputs.restore({ ids: [output.id] })
  expect(existsSync(`${host.host.folders.output}/made.png`)).toBe(true)
  expect((await page.outputs.list({ limit: 10 })).outputs).toEqual([output])
})

test('a graph that cannot run names node and input, and nothing is queued', async () => {
  const document = emptyDocument()
  const answer = await page.runs.start({ name: 'Empty', document: documentText(document) })
  expect(answer.run).toBeUndefined()
  expect(answer.problems.length).toBeGreaterThan(0)
  const prompt = smallPrompt({ '1': { class_type: 'LoadImage', inputs: { image: 'gone.png' } } })
  const text = documentText(
    fromPrompt(readJson(JSON.stringify(prompt)) as unknown as Prompt, host.host.catalogue()),
  )
  const missing = await page.runs.start({ name: 'Missing', document: text })
  expect(missing.problems[0]).toMatchObject({ node: '1', nodeType: 'LoadImage', input: 'image' })
  expect(missing.problems[0]!.message).toContain('gone.png')
  expect(await page.runs.list({ limit: 10 })).toEqual([])
  await expect(page.runs.start({ name: 'Bad', document: '{' })).rejects.toThrow(/could not be read/)
})

test('seeds near 2^64 come back as they were sent', async () => {
  const document = { ...emptyDocument(), rest: { seed: 18446744073709551615n } }
  const text = documentText(document as never)
  expect(text).toContain('18446744073709551615')
  const { id } = await page.workflows.create({ name: 'Seed', document: text })
  expect(readDocument((await page.workflows.open({ id })).document)).toEqual(readDocument(text))
  expect(writeJson(await page.catalogue())).toContain('18446744073709551615')
})

test('drafts are journalled, saves are versions, removed is gone', async () => {
  const heard = await listen()
  const { id } = await page.workflows.create({ name: 'A', document: documentText(emptyDocument()) })
  const edited = documentText({
    ...emptyDocument(),
    groups: [{ title: 'G', x: 0, y: 0, width: 1, height: 1 }],
  })
  await page.workflows.draft({ id, document: edited })
  expect((await page.workflows.open({ id })).summary.unsaved).toBe(true)
  expect((await page.workflows.save({ id })).unsaved).toBe(false)
  expect((await page.workflows.rename({ id, name: 'B' })).name).toBe('B')
  expect((await page.workflows.open({ id })).document).toBe(edited)
  await page.workflows.remove({ id })
  await expect(page.workflows.open({ id })).rejects.toThrow(/no longer there/)
  await until(() => heard.filter(event => event.type === 'workflows').length >= 4)
})

test('the queue pauses, moves and clears; the page hears of it', async () => {
  const heard = await listen()
  await page.runs.pause({ paused: true })
  const document = smallDocument()
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) ids.push((await page.runs.start({ name, document })).run!.id)
  await page.runs.move({ id: ids[2]!, before: ids[0] })
  await page.runs.start({ name: 'first', document, front: true })
  const queue = () => heard.filter(event => event.type === 'queue').at(-1)!.queue
  await until(
    () =>
      queue()
        .pending.map(run => run.name)
        .join() === 'first,c,a,b',
  )
  expect(queue().paused).toBe(true)
  await page.runs.cancel({ id: ids[1]! })
  await until(() => queue().pending.length === 3)
  await page.runs.clear()
  await until(() => queue().pending.length === 0)
})

test('the engine dying fails the run with its reason, and the next one runs', async () => {
  let runs = 0
  script = say => {
    if (++runs === 1)
      say({
        type: 'failed',
        code: 'engine_died',
        message: 'The engine ended.',
        hint: 'Again.',
        executed: [],
      })
  }
  const document = smallDocument()
  const first = (await page.runs.start({ name: 'first', document })).run!
  const second = (await page.runs.start({ name: 'second', document })).run!
  await until(() => host.host.run(second.id)!.state === 'done')
  expect((await page.runs.open({ id: first.id })).run).toMatchObject({
    state: 'failed',
    failure: { code: 'engine_died', message: 'The engine ended.', hint: 'Again.' },
  })
})

test('a page that comes late hears the present state of the run', async () => {
  let release = () => {}
  script = async say => {
    say({ type: 'started', node: '2' })
    say({ type: 'progress', node: '2', done: 3, of: 9 })
    await new Promise<void>(resolve => {
      release = resolve
    })
  }
  await page.runs.start({ name: 'long', document: smallDocument() })
  await until(() => host.host.queue.running)
  await new Promise(resolve => setTimeout(resolve, 30))
  const heard = await listen()
  await until(() => heard.some(event => event.type === 'progress' && event.done === 3))
  expect(heard.slice(0, 3).map(event => event.type)).toEqual(['system', 'queue', 'workflows'])
  release()
})

test('models, system, settings and the ledger', async () => {
  const info = await page.system.info()
  expect(info).toMatchObject({ sentBytes: 0, offline: false, provider: 'fake' })
  expect(info.hardware).toMatch(/core/)
  expect(
    (await page.models.list()).some(model => model.bundled && model.folder === 'checkpoints'),
  ).toBe(true)
  expect(await page.system.change({ offline: true, theme: 'dark' })).toMatchObject({
    offline: true,
  })
  expect((await page.system.info()).offline).toBe(true)
  expect(await page.system.ledger()).toEqual([])
  await page.system.free()
  expect(host.engine.freed).toEqual([false])
})

test('templates open as documents with their pictures and example photos', async () => {
  const templates = await page.workflows.templates()
  expect(templates.map(template => template.name)).toContain('first-picture')
  for (const template of templates) {
    expect(Object.keys(readDocument(template.document).nodes).length).toBeGreaterThan(1)
    const { problems } = await page.runs.start({
      name: template.title,
      document: template.document,
    })
    expect([template.name, problems]).toEqual([template.name, []])
  }
})

test('a models folder that is none is refused, and the settings stay as they were', async () => {
  const before = await page.system.settings()
  await expect(page.system.change({ modelDirs: ['/no/such/folder'] })).rejects.toThrow(
    'There is no folder /no/such/folder on this machine.',
  )
  await expect(page.system.change({ modelDirs: ['models'] })).rejects.toThrow('whole path')
  expect(await page.system.settings()).toEqual(before)
  const real = host.host.folders.data
  expect(await page.system.change({ modelDirs: [real] })).toMatchObject({ modelDirs: [real] })
})
