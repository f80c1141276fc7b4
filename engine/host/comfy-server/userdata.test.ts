// Files that ComfyUI's clients keep with the server, and the small routes of its side bars.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonOf, type TestHost, testHost } from '../fixtures/test-host.ts'
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
const ask = (path: string, method = 'GET', body?: string) =>
  fetch(server.url + path, { method, body })
const encoded = (path: string) => `/userdata/${encodeURIComponent(path)}`

test('a workflow is kept, listed, moved and deleted', async () => {
  expect((await ask(encoded('workflows/a b.json'))).status).toBe(404)
  expect((await ask('/userdata?dir=workflows')).status).toBe(404)
  expect((await ask('/userdata')).status).toBe(400)
  const text = '{"seed":18446744073709551615,"f":5.0}'
  const kept = await ask(`/api${encoded('workflows/a b.json')}?overwrite=false`, 'POST', text)
  expect(await jsonOf(kept)).toBe('workflows/a b.json')
  const again = await ask(`${encoded('workflows/a b.json')}?overwrite=false`, 'POST', '{}')
  expect(again.status).toBe(409)
  expect(await (await ask(encoded('workflows/a b.json'))).text()).toBe(text)

  const full = await ask(`${encoded('workflows/deep/c.json')}?full_info=true`, 'POST', '{}')
  expect(await jsonOf(full)).toMatchObject({ path: 'workflows/deep/c.json', size: 2 })
  expect(await jsonOf(await ask('/userdata?dir=workflows'))).toEqual(['a b.json'])
  expect(await jsonOf(await ask('/userdata?dir=workflows&recurse=true&split=true'))).toEqual([
    ['a b.json', 'a b.json'],
    ['deep/c.json', 'deep', 'c.json'],
  ])
  expect(await jsonOf(await ask('/v2/userdata?path=workflows'))).toEqual([
    {
      name: 'a b.json',
      path: 'workflows/a b.json',
      type: 'file',
      size: text.length,
      modified: expect.any(Number),
    },
    { name: 'deep', path: 'workflows/deep', type: 'directory' },
  ])
  const moved = `${encoded('workflows/a b.json')}/move/${encodeURIComponent('workflows/d.json')}`
  expect(await jsonOf(await ask(moved, 'POST'))).toBe('workflows/d.json')
  expect((await ask(moved, 'POST')).status).toBe(404)
  expect((await ask(encoded('workflows/d.json'), 'DELETE')).status).toBe(204)
  expect(await jsonOf(await ask('/userdata?dir=workflows&recurse=true'))).toEqual(['deep/c.json'])
})

test('nothing leads out of the folder', async () => {
  const before = readdirSync(host.dir).sort()
  for (const path of ['../../comfyrunner.db', '/etc/passwd', '../..', 'a/../../../x'])
    for (const method of ['GET', 'POST', 'DELETE'])
      expect((await ask(encoded(path), method, method === 'POST' ? 'x' : undefined)).status).toBe(
        403,
      )
  expect((await ask('/userdata?dir=../..')).status).toBe(403)
  expect((await ask('/v2/userdata?path=..')).status).toBe(403)
  expect(readdirSync(host.dir).sort()).toEqual(before)
})

test('model folders and the metadata of a safetensors file', async () => {
  const header = JSON.stringify({ __metadata__: { title: 'Mine' } })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const folder = join(host.dir, 'models', 'loras')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'a.safetensors'), Buffer.concat([length, Buffer.from(header)]))
  length.writeBigUInt64LE(2n ** 62n)
  writeFileSync(join(folder, 'lies.safetensors'), length)
  expect(await jsonOf(await ask('/view_metadata/loras?filename=a.safetensors'))).toEqual({
    title: 'Mine',
  })
  for (const name of ['lies.safetensors', 'none.safetensors', '../../comfyrunner.db', ''])
    expect((await ask(`/view_metadata/loras?filename=${name}`)).status).toBe(404)
  expect(await jsonOf(await ask('/experiment/models/loras'))).toEqual([
    { name: 'a.safetensors', pathIndex: 0 },
    { name: 'lies.safetensors', pathIndex: 0 },
  ])
  expect((await ask('/experiment/models/none')).status).toBe(404)
  expect(
    (await jsonOf(await ask('/experiment/models'))).map((m: { name: string }) => m.name),
  ).toContain('checkpoints')
  expect(await jsonOf(await ask('/internal/logs/raw'))).toMatchObject({ entries: [] })
})

test('links out of a folder are not followed, history takes strange pages', async () => {
  writeFileSync(join(host.dir, 'secret.png'), 'x')
  symlinkSync(join(host.dir, 'secret.png'), join(host.host.folders.output, 'link.png'))
  expect((await ask('/view?filename=link.png')).status).toBe(400)
  for (const page of ['max_items=1.5', 'offset=1.5', 'max_items=1e99', 'max_items=x', 'offset=-3'])
    expect((await ask(`/history?${page}`)).status).toBe(200)
})
