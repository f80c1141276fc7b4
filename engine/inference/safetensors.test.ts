import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ModelError } from './model-error.ts'
import { openSafetensors } from './safetensors.ts'
import { readFloats, weight } from './weights.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-safetensors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, header: unknown, data = new Uint8Array(16)): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
  const file = join(folder, name)
  writeFileSync(file, Buffer.concat([start, Buffer.from(text), data]))
  return file
}
const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

test('reads metadata, shapes and values of every float type', () => {
  const data = Buffer.alloc(16)
  data.writeFloatLE(1.5, 0)
  data.writeUInt16LE(0xc000, 4)
  data.writeUInt16LE(0x3f80, 6)
  data.writeDoubleLE(-0.25, 8)
  const file = write(
    'good.safetensors',
    {
      __metadata__: { format: 'pt' },
      single: entry('F32', [], 0, 4),
      half: entry('F16', [1], 4, 6),
      brain: entry('BF16', [1, 1], 6, 8),
      double: entry('F64', [1], 8, 16),
      none: entry('F32', [0, 3], 8, 8),
    },
    data,
  )
  const weights = openSafetensors(file)
  expect(weights.metadata).toEqual({ format: 'pt' })
  const values = ['single', 'half', 'brain', 'double', 'none'].map(name => [
    ...readFloats(weight(weights, name)),
  ])
  expect(values).toEqual([[1.5], [-2], [1], [-0.25], []])
  expect(() => weight(weights, 'other')).toThrow(/good\.safetensors has no tensor "other"/)
})

const one = entry('F32', [4], 0, 16)
test.each<[string, unknown, Uint8Array<ArrayBuffer>, RegExp]>([
  ['cut.safetensors', { a: one }, new Uint8Array(15), /incomplete.*download it again/is],
  ['json.safetensors', '{"a": ', new Uint8Array(), /header is not valid JSON/],
  ['list.safetensors', '[1, 2]', new Uint8Array(), /header is not valid JSON/],
  ['type.safetensors', { a: { ...one, dtype: 'Q4' } }, new Uint8Array(16), /unknown type "Q4"/],
  ['proto.safetensors', { a: { ...one, dtype: 'toString' } }, new Uint8Array(16), /unknown type/],
  ['shape.safetensors', { a: { ...one, shape: [-4] } }, new Uint8Array(16), /no valid shape/],
  ['place.safetensors', { a: { ...one, data_offsets: [0] } }, new Uint8Array(16), /no valid place/],
  ['null.safetensors', { a: null }, new Uint8Array(16), /unknown type/],
  ['fill.safetensors', { a: { ...one, shape: [3] } }, new Uint8Array(16), /do not fill \[3\]/],
  [
    'overlap.safetensors',
    { a: entry('F32', [2], 0, 8), b: entry('F32', [2], 4, 12) },
    new Uint8Array(16),
    /tensor "b" overlaps/,
  ],
])('%s is refused with its name and the mend', (name, header, data, message) => {
  const file = write(name, header, data)
  expect(() => openSafetensors(file)).toThrow(ModelError)
  expect(() => openSafetensors(file)).toThrow(message)
  expect(() => openSafetensors(file)).toThrow(name)
})

test.each<[string, string | Uint8Array, RegExp]>([
  ['empty.safetensors', '', /not a safetensors file/],
  ['page.safetensors', '<!doctype html><html></html>', /a web page/],
  ['pointer.safetensors', 'version https://git-lfs.github.com/spec/v1', /Git LFS pointer/],
  ['zip.safetensors', 'PK\x03\x04 and so on and so on', /Rename it to \.ckpt/],
  ['short.safetensors', Uint8Array.of(255, 255, 0, 0, 0, 0, 0, 0, 123), /incomplete/],
])('%s says what it is', (name, content, message) => {
  const file = join(folder, name)
  writeFileSync(file, content)
  expect(() => openSafetensors(file)).toThrow(message)
})
