// The small parts of the host, each by itself.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HostEvent } from '../api/contract.ts'
import { readJson } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'
import { openStore } from '../store/store.ts'
import { backlogLimit, createEventHub } from './events.ts'
import { freeName, safeName } from './file-names.ts'
import { defaultDataDir } from './folders.ts'
import { describeMachine } from './hardware.ts'
import { createHttpClient, isLoopback } from './http-client.ts'
import { createLiveRun } from './live-run.ts'
import { refusal } from './origin.ts'
import { createPreviews } from './previews.ts'
import { recipeOf, searchTextOf } from './recipe.ts'

test('the machine in plain words', () => {
  const flags = new Set(['avx2', 'avx512f'])
  expect(describeMachine({ cores: 2, memoryBytes: 24 * 2 ** 30, flags })).toBe(
    '2 cores, AVX-512, 24 GB',
  )
  expect(describeMachine({ cores: 1, memoryBytes: 8 * 2 ** 30, flags: new Set() })).toBe(
    '1 core, 8 GB',
  )
})

test('the data folder by platform', () => {
  expect(defaultDataDir({ COMFYRUNNER_DATA: '/x' }, 'linux')).toBe('/x')
  expect(defaultDataDir({ XDG_DATA_HOME: '/xdg' }, 'linux')).toBe(join('/xdg', 'comfyrunner'))
  expect(defaultDataDir({ APPDATA: '/roaming' }, 'win32')).toBe(join('/roaming', 'ComfyRunner'))
})

test.each([
  ['my photo.JPG', 'my photo.jpg'],
  ['../../etc/passwd.png', 'passwd.jpg'],
  ['C:\\Users\\me\\фото 1.png', 'фото 1.jpg'],
  ['  ..hidden. .png', 'hidden.jpg'],
  ['a [output].png', 'a output.jpg'],
  ['con.png', 'picture con.jpg'],
  ['', 'picture.jpg'],
  ['a\u0000b\n.png', 'a b.jpg'],
])('the name %j becomes %j', (given, expected) => {
  expect(safeName(given, '.jpg')).toBe(expected)
})

test('names are kept apart', () => {
  const dir = mkdtempSync(join(tmpdir(), 'names-'))
  writeFileSync(join(dir, 'a.png'), '')
  expect(freeName(dir, 'a.png')).toBe('a (2).png')
  expect(freeName(dir, 'b.png')).toBe('b.png')
  rmSync(dir, { recursive: true })
})

const headers = (entries: Record<string, string>) => new Headers(entries)
test.each([
  ['a program on this machine', { host: '127.0.0.1:8188' }, true],
  ['our own page', { host: 'localhost:8188', origin: 'http://localhost:8188' }, true],
  ['IPv6 loopback', { host: '[::1]:8188' }, true],
  ['a rebound name', { host: 'evil.example:8188' }, false],
  ['a page of another site', { host: '127.0.0.1:8188', origin: 'https://evil.example' }, false],
  ['another port of this machine', { host: '127.0.0.1:8188', origin: 'http://127.0.0.1:1' }, false],
  ['a sandboxed frame', { host: '127.0.0.1:8188', origin: 'null' }, false],
  [
    'an image on another site',
    { host: '127.0.0.1', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    false,
  ],
  [
    'a link that was followed',
    { host: '127.0.0.1', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    true,
  ],
])('%s is let in or not', (_, entries, welcome) => {
  expect(
    refusal(headers(entries as Record<string, string>), { listen: '127.0.0.1' }) === undefined,
  ).toBe(welcome)
})
test('listening on all addresses answers by name and number, still not to other sites', () => {
  const rule = { listen: '0.0.0.0' }
  expect(refusal(headers({ host: '192.168.1.5:8188' }), rule)).toBeUndefined()
  expect(refusal(headers({ host: 'box.lan:8188' }), rule)).toBeUndefined()
  expect(
    refusal(headers({ host: 'box.lan:8188', origin: 'https://evil.example' }), rule),
  ).toBeDefined()
})

const preview = (bytes: number) => ({ mime: 'image/jpeg' as const, bytes: new Uint8Array(bytes) })
test('previews: the newest a node, under a bound', () => {
  const previews = createPreviews()
  const first = previews.put('r', '57:44', preview(1))
  expect(first).toBe('/previews/r/57%3A44?v=1')
  expect(previews.put('r', '57:44', preview(2))).not.toBe(first)
  expect(previews.get('r', '57:44')!.bytes).toHaveLength(2)
  for (let i = 0; i < 64; i++) previews.put('r', String(i), preview(1))
  expect(previews.get('r', '57:44')).toBeUndefined()
  expect(previews.get('r', '63')).toBeDefined()
})

const system = { type: 'system' } as HostEvent
const progress = (node: string, done: number): HostEvent => ({
  type: 'progress',
  run: 'r',
  node,
  done,
  of: 9,
})
test('events: the present state first, progress never piles up, a lost reader starts over', async () => {
  const hub = createEventHub(() => [system])
  const abort = new AbortController()
  const events = hub.subscribe(abort.signal)
  expect((await events.next()).value).toBe(system)
  for (let i = 0; i < 100; i++) hub.emit(progress('1', i))
  hub.emit(progress('2', 0))
  expect((await events.next()).value).toMatchObject({ node: '1', done: 99 })
  expect((await events.next()).value).toMatchObject({ node: '2' })
  for (let i = 0; i < backlogLimit + 2; i++)
    hub.emit({ type: 'started', run: 'r', node: String(i) })
  expect((await events.next()).value).toBe(system)
  const waiting = events.next()
  abort.abort()
  expect((await waiting).done).toBe(true)
  expect(hub.subscribers).toBe(0)
})

test('events: a reader far behind costs nothing, and gets past a long present state', async () => {
  let snapshots = 0
  const state = Array.from({ length: backlogLimit + 500 }, (_, i) => progress(String(i), 0))
  const hub = createEventHub(() => {
    snapshots++
    return [...state]
  })
  const abort = new AbortController()
  const events = hub.subscribe(abort.signal)
  await events.next()
  for (let i = 0; i < 5 * backlogLimit; i++) hub.emit({ type: 'started', run: 'r', node: `n${i}` })
  expect(snapshots).toBe(1)
  expect((await events.next()).value).toBe(state[0])
  expect(snapshots).toBe(2)
  // One more event does not send the reader back to the beginning again.
  hub.emit({ type: 'started', run: 'r', node: 'last' })
  expect((await events.next()).value).toBe(state[1])
  expect(snapshots).toBe(2)
  abort.abort()
  await events.return()
})

test('a page that comes late hears of each node once', () => {
  const live = createLiveRun()
  const about = (type: 'started' | 'done', node: string) =>
    ({ type, run: 'r', node, ms: 1 }) as HostEvent
  for (const node of ['1', '2', '3']) {
    live.record(about('started', node))
    for (let i = 0; i < 50; i++) live.record(progress(node, i))
    if (node !== '3') live.record(about('done', node))
  }
  expect(live.events().map(event => [event.type, 'node' in event && event.node])).toEqual([
    ['done', '1'],
    ['done', '2'],
    ['started', '3'],
    ['progress', '3'],
  ])
  live.record({ type: 'run', run: { state: 'done' } } as HostEvent)
  expect(live.events()).toEqual([])
})

const prompt = readJson(`{
  "3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "steps": 20, "cfg": 4.5,
    "sampler_name": "dpmpp_2m", "scheduler": "karras", "positive": ["10", 0], "negative": ["7", 0], "model": ["4", 0]}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a/b.safetensors"}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["4", 1]}},
  "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
  "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
  "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "A", "images": ["8", 0]}},
  "10": {"class_type": "ConditioningSetArea", "inputs": {"conditioning": ["6", 0]}},
  "12": {"class_type": "PrimitiveString", "inputs": {"value": "A red Apple"}},
  "20": {"class_type": "SaveImage", "inputs": {"filename_prefix": "B", "images": ["21", 0]}},
  "21": {"class_type": "EmptyImage", "inputs": {}}
}`) as unknown as Prompt
test('a recipe is read off the nodes that made the picture', () => {
  expect(recipeOf(prompt, '9')).toEqual({
    positive: 'A red Apple',
    negative: 'blurry',
    seed: '18446744073709551615',
    steps: 20,
    cfg: 4.5,
    sampler: 'dpmpp_2m',
    scheduler: 'karras',
    models: ['a/b.safetensors'],
  })
  expect(recipeOf(prompt, '20').models).toEqual([])
  expect(recipeOf(prompt, '20').seed).toBeUndefined()
  expect(searchTextOf(prompt)).toContain('a red apple')
})

test('requests are in the ledger, loopback sends nothing, offline stops before the connection', async () => {
  const { ledger } = openStore(':memory:')
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end('hello')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  let offline = false
  const http = createHttpClient(ledger, () => offline)
  const answer = await http({ url, purpose: 'test' })
  expect([answer.status, answer.text()]).toEqual([200, 'hello'])
  offline = true
  await expect(http({ url: 'http://example.invalid/', purpose: 'test' })).rejects.toThrow(/Offline/)
  expect(await http({ url, purpose: 'test', limitBytes: 2 }).catch(e => e.code)).toBe('too_large')
  server.close()
  expect(asked).toBe(2)
  expect(ledger.sentBytes()).toBe(0)
  expect(ledger.list(10).map(row => [row.refused, row.receivedBytes])).toEqual([
    [false, 5],
    [true, 0],
    [false, 5],
  ])
  expect(isLoopback('127.0.0.1.evil.example')).toBe(false)
})
