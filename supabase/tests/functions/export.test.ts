// The archive without a database: made as it is read, however much there is.
import { strFromU8, unzipSync } from 'fflate'
import { expect, test } from 'vitest'
import { type AccountExport, exportArchive, type Version } from '../../functions/_shared/export.ts'

const megabyte = 2 ** 20
const document = 'x'.repeat(megabyte)

function account(workflows: number, bytes = megabyte): AccountExport {
  const ids = Array.from({ length: workflows }, (_, i) => `w${i}`)
  return {
    format: 'comfyrunner-account-1',
    exportedAt: '2026-11-23T00:00:00Z',
    userId: 'u',
    signIn: {},
    tables: {
      stored_workflows: ids.map(id => ({ id, name: id, current_version: 1, size_bytes: bytes })),
      workflow_versions: ids.map(id => ({ workflow_id: id, version: 1, size_bytes: bytes })),
    },
  }
}
const documentsOf = (versions: Version[]) => versions.map(one => ({ ...one, document }))

test('however much there is passes through a few megabytes at a time', async () => {
  let read = 0
  let passed = 0
  let ahead = 0
  const archive = exportArchive(account(200), async versions => {
    read += versions.length * megabyte
    ahead = Math.max(ahead, read - passed)
    return documentsOf(versions)
  })
  expect(read).toBe(0)
  for await (const part of archive) passed += part.length
  expect(read).toBe(200 * megabyte)
  expect(passed).toBeGreaterThan(200 * megabyte)
  expect(ahead).toBeLessThanOrEqual(5 * megabyte)
})

test('who stops downloading stops the reading', async () => {
  let read = 0
  const archive = exportArchive(account(100), async versions => {
    read += versions.length
    return documentsOf(versions)
  })
  const reader = archive.getReader()
  for (let i = 0; i < 20; i++) await reader.read()
  await reader.cancel()
  expect(read).toBeLessThan(20)
})

test('many small ones are read 500 at a time', async () => {
  const batches: number[] = []
  const archive = exportArchive(account(1200, 10), async versions => {
    batches.push(versions.length)
    return versions.map(one => ({ ...one, document: '{}' }))
  })
  const files = unzipSync(new Uint8Array(await new Response(archive).arrayBuffer()))
  expect(batches).toEqual([500, 500, 200])
  expect(Object.keys(files).length).toBe(1200 + 5)
})

test('a workflow that is removed meanwhile is in no list of files', async () => {
  const archive = exportArchive(account(3, 10), async versions =>
    versions.slice(1).map(one => ({ ...one, document: '{}' })),
  )
  const files = unzipSync(new Uint8Array(await new Response(archive).arrayBuffer()))
  const json = (path: string) => JSON.parse(strFromU8(files[path]!))
  const listed = json('manifest.json').files.map(({ path }: { path: string }) => path)
  expect(listed.sort()).toEqual(Object.keys(files).sort())
  expect(listed).not.toContain('workflows/w0.json')
  expect(json('tables/workflow-versions.json')[0].document).toBeNull()
})

test('a database that goes away breaks the download off; it does not end as if whole', async () => {
  const archive = exportArchive(account(3, 10), async () => {
    throw new Error('gone')
  })
  await expect(new Response(archive).arrayBuffer()).rejects.toThrow('gone')
})
