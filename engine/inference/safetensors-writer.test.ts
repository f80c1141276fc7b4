import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { narrowed } from './narrow.ts'
import { openSafetensors } from './safetensors.ts'
import {
  checkRoom,
  layoutOf,
  storedBytes,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors-writer.ts'
import { readFloats, type WeightType } from './weights.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-writer-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const values = Float32Array.of(1, -2, 0.5)
const of = (name: string, type: WeightType, pieces = 1): TensorToWrite => ({
  name,
  type,
  shape: [3],
  bytes: function* () {
    const bytes = narrowed(values, type)
    for (let i = 0; i < pieces; i++)
      yield bytes.subarray((i * bytes.length) / pieces, ((i + 1) * bytes.length) / pieces)
  },
})

test('what was written is read again: types, words, tensors without numbers', async () => {
  const file = join(folder, 'all.safetensors')
  const tensors = [of('b8', 'F8_E5M2'), of('b', 'F16', 3), of('c', 'F32'), of('a', 'BF16')]
  const mark: TensorToWrite = { name: 'mark', type: 'F32', shape: [0], bytes: () => [] }
  const layout = layoutOf([...tensors, mark], { prompt: '{"größe":"€"}' })
  const told: [number, number][] = []
  await writeSafetensors(file, layout, { progress: (done, of) => told.push([done, of]) })
  const back = openSafetensors(file)
  expect(back.metadata).toEqual({ prompt: '{"größe":"€"}' })
  // Wide types first: every number lies at a multiple of its size.
  expect([...back.tensors.keys()]).toEqual(['c', 'mark', 'a', 'b', 'b8'])
  for (const { name, type } of tensors) {
    const weight = back.tensors.get(name)!
    expect([weight.type, readFloats(weight)]).toEqual([type, values])
    expect(weight.offset).toBe(layout.tensors.find(tensor => tensor.name === name)!.offset)
  }
  expect(back.tensors.get('mark')!.length).toBe(0)
  expect(told.at(-1)).toEqual([layout.sizeBytes, layout.sizeBytes])
  expect(told).toHaveLength(6)
})

test('stored tensors are copied, one after the other', async () => {
  const [from, to] = ['from', 'to'].map(name => join(folder, `${name}.safetensors`)) as [
    string,
    string,
  ]
  await writeSafetensors(from, layoutOf([of('x', 'F16'), of('y', 'F16')]))
  const { tensors } = openSafetensors(from)
  const both = () => storedBytes(tensors.get('y')!, tensors.get('x')!)
  await writeSafetensors(to, layoutOf([{ name: 'yx', type: 'F16', shape: [2, 3], bytes: both }]))
  const joined = readFloats(openSafetensors(to).tensors.get('yx')!)
  expect(joined).toEqual(Float32Array.of(...values, ...values))
})

test('interrupted, failed or short of bytes, nothing stays behind; what was there stays', async () => {
  const file = join(folder, 'none.safetensors')
  const abort = new AbortController()
  const layout = layoutOf([of('a', 'F16'), of('b', 'F16')])
  const watch = { signal: abort.signal, progress: () => abort.abort() }
  await expect(writeSafetensors(file, layout, watch)).rejects.toThrow(/abort/i)
  const short = { ...of('a', 'F16'), shape: [4] }
  await expect(writeSafetensors(file, layoutOf([short]))).rejects.toThrow(/"a" came with another/)
  expect(readdirSync(folder)).not.toContain('none.safetensors')
  writeFileSync(file, 'mine')
  await expect(writeSafetensors(file, layout)).rejects.toThrow(/EEXIST/)
  expect(readdirSync(folder)).toContain('none.safetensors')
})

test('a disk without room is said before anything is written', async () => {
  await expect(checkRoom(folder, 1e18)).rejects.toThrow(
    /The disk has no room left where .+ lies \(1000000000\.0 GB are needed\)\. Make room there\./,
  )
  await checkRoom(folder, 1)
  const huge = { ...of('a', 'F32'), shape: [1e17] }
  const file = join(folder, 'huge.safetensors')
  await expect(writeSafetensors(file, layoutOf([huge]))).rejects.toThrow(/no room left/)
  expect(readdirSync(folder)).not.toContain('huge.safetensors')
})
