import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { golden, missing, reason } from '../models/fixtures/goldens.ts'
import { TransformerLayers } from '../models/transformer-layers.ts'
import { tensor } from '../tensor.ts'
import { type Float8, float8ToFloat } from './float8.ts'
import { Layers } from './layers.ts'
import { DataType, OnnxGraph } from './onnx-graph.ts'
import { openSafetensors } from './safetensors.ts'
import { openSession } from './session.ts'
import { readFloats, weight } from './weights.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-float8-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const codes = Uint8Array.from({ length: 256 }, (_, i) => i)
const formats: [Float8, string][] = [
  ['e4m3fn', 'F8_E4M3'],
  ['e5m2', 'F8_E5M2'],
]

/** A file of a [64,4] weight with every code once, and a scale. */
function fileOf(type: string, bytes = codes): string {
  const header = JSON.stringify({
    'layer.weight': { dtype: type, shape: [64, 4], data_offsets: [0, 256] },
    'layer.scale_weight': { dtype: 'F32', shape: [], data_offsets: [256, 260] },
  }).padEnd(200)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(200n)
  const scale = Buffer.from(Float32Array.of(0.5).buffer)
  const file = join(folder, `${type}.safetensors`)
  writeFileSync(file, Buffer.concat([length, Buffer.from(header), bytes, scale]))
  return file
}

test.each(formats)('codes of %s at the ends of its range', format => {
  const values = float8ToFloat(codes, format)
  expect(values[0]).toBe(0)
  expect(values[0x80]).toBe(-0)
  expect(values.slice(0x81)).toEqual(values.slice(1, 0x80).map(value => -value))
  expect(Math.max(...values.filter(Number.isFinite))).toBe(format === 'e4m3fn' ? 448 : 57344)
  expect(values[1]).toBe(format === 'e4m3fn' ? 2 ** -9 : 2 ** -16)
})

describe.skipIf(missing)(`tables${reason}`, () => {
  test.each(formats)('%s is PyTorch’s', format => {
    const wanted = golden('more/dtype_tables.safetensors')(format).data
    const values = float8ToFloat(codes, format)
    // The golden writes 12345 for NaN and 54321 for infinity.
    const written = values.map(value =>
      Number.isNaN(value) ? 12345 : Number.isFinite(value) ? value : Math.sign(value) * 54321,
    )
    expect(written.map(Math.abs)).toEqual(wanted.map(Math.abs))
  })
})

test.each(formats)('a layer computes with %s weights in place, scaled', async (format, type) => {
  const finite = codes.map(code =>
    Number.isFinite(float8ToFloat(codes, format)[code]!) ? code : 0,
  )
  const weights = openSafetensors(fileOf(type, finite))
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const x = graph.input('x', DataType.float, [1, 4])
  graph.output('y', layers.linear(x, 'layer'), [1, 64])
  const session = await openSession(graph)
  const { y } = await session.run({ x: tensor([1, 4], Float32Array.of(1, 2, 3, 4)) })
  await session.release()
  const w = readFloats(weight(weights, 'layer.weight'))
  const wanted = Float32Array.from(
    { length: 64 },
    (_, row) => 0.5 * [1, 2, 3, 4].reduce((sum, value, i) => sum + value * w[row * 4 + i]!, 0),
  )
  y!.data.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(wanted[i]!) + 1e-9)
  })
})

test.each(formats)('rows of a table of %s are gathered in place', async (format, type) => {
  const weights = openSafetensors(fileOf(type))
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights)
  const ids = graph.input('ids', DataType.int64, [1, 2])
  graph.output('rows', layers.rowsOf('layer.weight', ids), [1, 2, 4])
  const session = await openSession(graph)
  const { rows } = await session.run({ ids: { shape: [1, 2], data: BigInt64Array.of(3n, 9n) } })
  await session.release()
  const picked = [12, 13, 14, 15, 36, 37, 38, 39].map(code => float8ToFloat(codes, format)[code])
  expect([...rows!.data]).toEqual(picked)
})
