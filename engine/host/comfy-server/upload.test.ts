// Uploads and views as ComfyUI's clients make them.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claiming, jsonOf, pictureBytes, type TestHost, testHost } from '../fixtures/test-host.ts'
import { type Server, serve } from '../serve.ts'

let host: TestHost
let server: Server
beforeAll(async () => {
  host = testHost()
  server = await serve(host.host, { listen: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server.close()
  await host.end()
})

async function upload(
  kind: 'image' | 'mask',
  name: string,
  bytes: Buffer,
  fields: Record<string, string> = {},
) {
  const form = new FormData()
  form.set('image', new File([new Uint8Array(bytes)], name))
  for (const [field, value] of Object.entries(fields)) form.set(field, value)
  return fetch(`${server.url}/api/upload/${kind}`, { method: 'POST', body: form })
}
const view = (query: string) => fetch(`${server.url}/view?${query}`)

test('the same bytes keep their name, others get another, overwrite overwrites', async () => {
  const red = await pictureBytes('#f00')
  const blue = await pictureBytes('#00f')
  expect(await jsonOf(await upload('image', 'a b.png', red))).toEqual({
    name: 'a b.png',
    subfolder: '',
    type: 'input',
  })
  expect((await jsonOf(await upload('image', 'a b.png', red))).name).toBe('a b.png')
  expect((await jsonOf(await upload('image', 'a b.png', blue))).name).toBe('a b (1).png')
  expect((await jsonOf(await upload('image', 'a b.png', blue, { overwrite: 'true' }))).name).toBe(
    'a b.png',
  )
  expect(Buffer.from(await (await view('filename=a%20b.png&type=input')).arrayBuffer())).toEqual(
    blue,
  )
})

test('subfolders are made, ways out are refused', async () => {
  const red = await pictureBytes()
  expect(
    await jsonOf(await upload('image', 'x.png', red, { subfolder: 'my/sub', type: 'temp' })),
  ).toEqual({ name: 'x.png', subfolder: 'my/sub', type: 'temp' })
  expect((await view('filename=x.png&subfolder=my/sub&type=temp')).status).toBe(200)
  expect((await upload('image', 'x.png', red, { subfolder: '../out' })).status).toBe(400)
  expect((await upload('image', 'x.png', red, { type: 'models' })).status).toBe(400)
  expect(await jsonOf(await upload('image', '../../y.png', red))).toMatchObject({ name: 'y.png' })
  expect(existsSync(join(host.dir, 'y.png'))).toBe(false)
  expect((await fetch(`${server.url}/upload/image`, { method: 'POST', body: 'x' })).status).toBe(
    400,
  )
  for (const bad of [
    'filename=x.png&subfolder=../..',
    'filename=x.png&type=secret',
    'filename=/etc/passwd',
  ])
    expect([bad, (await view(bad)).status]).toEqual([bad, 400])
})

test('names that no file can have are refused, and nothing is left behind', async () => {
  const bytes = await pictureBytes('#0f0')
  mkdirSync(join(host.host.folders.input, 'folder.png'))
  const before = readdirSync(host.host.folders.input).sort()
  for (const name of ['.', '..', 'a\0b.png', `${'é'.repeat(200)}.png`])
    expect((await upload('image', name, bytes)).status).toBe(400)
  expect((await upload('image', 'folder.png', bytes, { overwrite: 'true' })).status).toBe(400)
  expect((await upload('image', 'x.png', bytes, { subfolder: 'a b.png' })).status).toBe(400)
  expect(readdirSync(host.host.folders.input).sort()).toEqual(before)
})

test('a picture larger than any workflow reads is refused by its header', async () => {
  const before = readdirSync(host.host.folders.input).sort()
  const huge = Buffer.from(await claiming(20_000, 20_000))
  await upload('image', 'photo of a mask.png', await pictureBytes())
  const original_ref = JSON.stringify({ filename: 'photo of a mask.png', type: 'input' })
  for (const answer of [
    await upload('image', 'huge.png', huge),
    await upload('mask', 'huge.png', huge, { original_ref }),
  ]) {
    expect(answer.status).toBe(413)
    expect(await answer.text()).toMatch(/“huge.png” is too large: 20000 × 20000.*268 megapixels/)
  }
  const kept = readdirSync(host.host.folders.input).sort()
  expect(kept).toEqual([...before, 'photo of a mask.png'].sort())
  expect((await upload('image', 'no picture.txt', Buffer.from('x'))).status).toBe(200)
})

test('the alpha of a picture without one is all there', async () => {
  await upload('image', 'opaque.png', await pictureBytes('#0f0'))
  const answer = await view('filename=opaque.png&type=input&channel=a')
  const { data } = await sharp(await answer.bytes())
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([...data.subarray(0, 4)]).toEqual([0, 0, 0, 255])
})

test('a mask gives the original its alpha; /view shows channels apart', async () => {
  await upload('image', 'photo.png', await pictureBytes('#102030', 4, 2))
  const mask = await sharp(Buffer.from([...Array(8)].flatMap((_, i) => [0, 0, 0, i * 30])), {
    raw: { width: 4, height: 2, channels: 4 },
  })
    .png()
    .toBuffer()
  const kept = await jsonOf(
    await upload('mask', 'painted.png', mask, {
      original_ref: JSON.stringify({ filename: 'photo.png', type: 'input' }),
    }),
  )
  const { data } = await sharp(join(host.host.folders.input, kept.name))
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect([...data.subarray(0, 8)]).toEqual([0x10, 0x20, 0x30, 0, 0x10, 0x20, 0x30, 30])

  const query = `filename=${kept.name}&type=input`
  const rgb = await sharp(await (await view(`${query}&channel=rgb`)).arrayBuffer()).metadata()
  expect(rgb.channels).toBe(3)
  const alpha = await sharp(await (await view(`${query}&channel=a`)).arrayBuffer())
    .raw()
    .toBuffer()
  expect([...alpha.subarray(4, 8)]).toEqual([0, 0, 0, 30])
  expect((await view(`${query}&preview=webp;50`)).headers.get('content-type')).toBe('image/webp')
  expect(
    (await upload('mask', 'm.png', mask, { original_ref: '{"filename": "../x.png"}' })).status,
  ).toBe(400)
})
