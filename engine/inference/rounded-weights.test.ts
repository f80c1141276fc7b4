import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { type Branch, Layers } from './layers.ts'
import { DataType, OnnxGraph } from './onnx-graph.ts'
import { openSafetensors } from './safetensors.ts'
import { openSession } from './session.ts'

/** Adds its input to every weight. */
const shift: Branch = {
  input: 'by',
  rounds: true,
  linear: (_layers, _key, _x, y) => y,
  conv: (_layers, _key, _x, y) => y,
  folds: () => true,
  fold: (layers, _name, value) => layers.add(value, 'by'),
}

// Each stores 1. The next number is 1/8 away in F8_E4M3, 1/1024 in F16, 1/128 in BF16.
test.each([
  ['F8_E4M3', [0x38], 1 + 10 / 1024],
  ['F8_E5M2', [0x3c], 1 + 10 / 1024],
  ['F16', [0x00, 0x3c], 1 + 10 / 1024],
  ['BF16', [0x80, 0x3f], 1 + 1 / 128],
])('a changed %s weight is rounded to no less than 16 bits', async (dtype, bytes, wanted) => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-rounded-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const header = { 'a.weight': { dtype, shape: [1, 1], data_offsets: [0, bytes.length] } }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = join(folder, 'a.safetensors')
  writeFileSync(file, Buffer.concat([length, text, Buffer.from(bytes)]))
  const graph = new OnnxGraph()
  const layers = new Layers(graph, openSafetensors(file), undefined, [shift])
  const x = graph.input('x', DataType.float, [1, 1])
  graph.output('out', layers.linear(x, 'a'), [1, 1])
  const session = await openSession(graph, { threads: 1 })
  const by = tensor([], Float32Array.of(0.01))
  const { out } = await session.run({ x: tensor([1, 1], Float32Array.of(1)), by })
  await session.release()
  expect(out!.data[0]).toBe(wanted)
})
