// The page's half of the server: pictures, previews, the page itself, and who may ask.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claiming, jsonOf, pictureBytes, type TestHost, testHost } from './fixtures/test-host.ts'
import { type Server, serve } from './serve.ts'

let test1: TestHost
let server: Server
beforeAll(async () => {
  test1 = testHost()
  server = await serve(test1.host, { listen: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server.close()
  await test1.end()
})
const get = (path: string, init?: RequestInit) => fetch(server.url + path, init)
const put = (name: string, body: Uint8Array<ArrayBuffer>) =>
  get(`/assets?name=${encodeURIComponent(name)}`, { method: 'PUT', body })

test('a picture is kept under its name, hashed, and the same bytes are kept once', async () => {
  const bytes = new Uint8Array(await pictureBytes('#11aa22', 40, 30))
  const hash = createHash('sha256').update(bytes).digest('hex')
  const first = await jsonOf(await put('Mein Föto.jpeg', bytes))
  expect(first).toMatchObject({
    hash,
    name: 'Mein Föto.png',
    width: 40,
    height: 30,
    mime: 'image/png',
  })
  const again = await jsonOf(await put('other.png', bytes))
  expect(again.name).toBe('Mein Föto.png')
  const second = await jsonOf(
    await put('Mein Föto.png', new Uint8Array(await pictureBytes('#000'))),
  )
  expect(second.name).toBe('Mein Föto (2).png')
  expect(readdirSync(test1.host.folders.input).sort()).toEqual([
    'Mein Föto (2).png',
    'Mein Föto.png',
  ])

  const answer = await get(`/assets/${hash}`)
  expect(answer.headers.get('content-type')).toBe('image/png')
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
  const etag = answer.headers.get('etag')!
  expect((await get(`/assets/${hash}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  const small = await get(`/assets/${hash}?w=10`)
  expect(small.headers.get('content-type')).toBe('image/webp')
  expect(existsSync(join(test1.host.folders.thumbnails, `${hash}-128.webp`))).toBe(true)
  // LoadImage's name leads to the same picture, and its choices name it at once.
  const view = await get(`/view?filename=${encodeURIComponent('Mein Föto.png')}&type=input`)
  expect(new Uint8Array(await view.arrayBuffer())).toEqual(bytes)
  const widget = test1.host.catalogue().LoadImage!.inputs[0]!.widget
  expect(widget).toMatchObject({ options: ['Mein Föto (2).png', 'Mein Föto.png'] })
})

test('a BMP is taken, shown and offered like any other picture', async () => {
  // 300 × 1 black pixels of 24 bits.
  const bmp = Buffer.alloc(54 + 900)
  bmp.write('BM', 'latin1')
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, 300],
    [22, 1],
  ] as const)
    bmp.writeUInt32LE(value, at)
  bmp.writeUInt16LE(24, 28)
  const kept = await jsonOf(await put('old.bmp', new Uint8Array(bmp)))
  expect(kept).toMatchObject({ name: 'old.bmp', width: 300, height: 1, mime: 'image/bmp' })
  const { hash } = kept as { hash: string }
  expect((await get(`/assets/${hash}`)).headers.get('content-type')).toBe('image/bmp')
  expect((await get(`/assets/${hash}?w=10`)).headers.get('content-type')).toBe('image/webp')
  const preview = await get('/view?filename=old.bmp&type=input&preview=webp;90')
  expect(preview.headers.get('content-type')).toBe('image/webp')
})

test.each([
  ['nothing', new Uint8Array(0), 400, /empty/],
  ['text', new TextEncoder().encode('hello'), 415, /“x.png” could not be read as a picture/],
  [
    'a picture cut short after its first bytes',
    new Uint8Array([137, 80, 78, 71]),
    415,
    /could not be read/,
  ],
])('%s is refused with a reason', async (_, bytes, status, message) => {
  const answer = await put('x.png', bytes)
  expect(answer.status).toBe(status)
  expect((await jsonOf(answer)).message).toMatch(message)
  expect(readdirSync(test1.host.folders.input).filter(name => name.startsWith('.'))).toEqual([])
})

test('a huge picture is refused by its header, before it is unpacked', async () => {
  const answer = await put('huge.png', await claiming(30_000, 30_000))
  expect(answer.status).toBe(413)
  expect((await jsonOf(answer)).message).toContain('30000 × 30000')
  // What LoadImage reads may be kept.
  expect((await put('large.png', await claiming(16_000, 16_000))).status).toBe(200)
})

test('unknown pictures, previews and templates are 404, strange paths stay inside', async () => {
  expect((await get(`/assets/${'0'.repeat(64)}`)).status).toBe(404)
  expect((await get('/previews/r/1')).status).toBe(404)
  expect((await get('/templates/..%2Ftemplates.json')).status).toBe(404)
  expect([400, 404, 503]).toContain((await get('/..%2f..%2fpackage.json')).status)
  expect((await get('/assets/..%2f..%2f..%2fpackage.json')).status).not.toBe(200)
})

test('a preview is served from memory', async () => {
  const url = test1.host.previews.put('run', '57:44', {
    mime: 'image/jpeg',
    bytes: new Uint8Array([1, 2]),
  })
  const answer = await get(url)
  expect(answer.headers.get('content-type')).toBe('image/jpeg')
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array([1, 2]))
})

test('the page is served with its policy, and nothing beside it', async () => {
  const page = test1.host.folders.page
  const answer = await get('/')
  if (existsSync(join(page, 'index.html'))) {
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(await answer.text()).toContain('<script')
  } else {
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('npm start')
  }
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
})

test('other sites are not answered: neither requests nor sockets', async () => {
  const foreign = { origin: 'https://evil.example' }
  expect((await get('/system_stats', { headers: foreign })).status).toBe(403)
  expect((await get('/assets?name=a', { method: 'PUT', body: 'x', headers: foreign })).status).toBe(
    403,
  )
  const { WebSocket } = await import('ws')
  for (const [path, options, status] of [
    ['/rpc', { origin: 'https://evil.example' }, 403],
    ['/ws', { origin: 'https://evil.example' }, 403],
    ['/rpc', { headers: { host: 'evil.example' } }, 403],
    ['/elsewhere', {}, 404],
  ] as const) {
    const socket = new WebSocket(server.url.replace('http', 'ws') + path, options)
    const answer = await new Promise<number>(resolve => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
      socket.on('open', () => resolve(101))
      socket.on('error', () => {})
    })
    expect([path, answer]).toEqual([path, status])
    socket.terminate()
  }
})

test('what is held about a person is not asked for by a page of another site', async () => {
  for (const site of ['cross-site', 'same-site'])
    for (const mode of ['navigate', 'no-cors']) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode }
      expect([site, mode, (await get('/account/export', { headers })).status]).toEqual([
        site,
        mode,
        403,
      ])
    }
})

test('a taken port is said with what to do', async () => {
  await expect(serve(test1.host, { listen: '127.0.0.1', port: server.port })).rejects.toThrow(
    /--port/,
  )
})

test('files that a browser would run are only downloaded', async () => {
  writeFileSync(join(test1.host.folders.output, 'x.html'), '<script>')
  writeFileSync(join(test1.host.folders.output, 'x.svg'), '<svg>')
  for (const name of ['x.html', 'x.svg'])
    expect((await get(`/view?filename=${name}`)).headers.get('content-type')).toBe(
      'application/octet-stream',
    )
})
