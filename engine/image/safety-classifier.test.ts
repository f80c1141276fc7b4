import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunContext } from '../nodes/define.ts'
import { safetyCheck } from '../nodes/image/safety-check.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { decodeFile } from './decode.ts'
import { classifySafety, exposure, safetyKinds } from './safety-classifier.ts'

const resources = join(import.meta.dirname, '../../resources')
const context = {
  signal: new AbortController().signal,
  progress: () => {},
  models: { path: (folder: string, name: string) => join(resources, 'models', folder, name) },
} as unknown as RunContext
const model = context.models.path('onnx', 'nsfw_mobilenet_v2.onnx')

/** [1,224,224,3] of waves, grey, and a ramp: what the classifier has numbers for. */
function picture(kind: 'waves' | 'grey' | 'ramp'): Tensor {
  const out = tensor([1, 224, 224, 3])
  const values = (x: number, y: number): number[] => {
    if (kind === 'grey') return [0.5, 0.5, 0.5]
    if (kind === 'ramp') return [x / 223, x / 223, x / 223]
    return [Math.sin(x / 17), Math.cos(y / 23), Math.sin((x + y) / 31)].map(v => (v + 1) / 2)
  }
  for (let i = 0; i < 224 * 224; i++) out.data.set(values(i % 224, Math.floor(i / 224)), i * 3)
  return out
}

// The original network in float32, run by onnxruntime 1.30 from Python.
test.each([
  ['waves', [0.03505, 0.00002, 0.96493, 0, 0]],
  ['grey', [0.99085, 0.00001, 0.00915, 0, 0]],
  ['ramp', [0.88867, 0.00004, 0.11113, 0.00013, 0.00002]],
] as const)('%s: as the network says before its weights were packed', async (kind, wanted) => {
  const [shares] = await classifySafety(picture(kind), model, context)
  for (const [i, name] of safetyKinds.entries()) expect(shares![name]).toBeCloseTo(wanted[i]!, 4)
})

test('a portrait passes unchanged; at threshold 0 everything is hidden', async () => {
  const { image } = await decodeFile(join(resources, 'workflows/input/astronaut.jpg'))
  const passed = await safetyCheck.run({ image, threshold: 0.5, action: 'blur' }, context)
  expect(passed.found).toBe(false)
  expect(passed.IMAGE).toBe(image)
  expect(passed.scores).toMatch(/^drawing \d+ %, hentai \d+ %, neutral \d+ %, porn/)
  const blurred = await safetyCheck.run({ image, threshold: 0, action: 'blur' }, context)
  expect(blurred.found).toBe(true)
  expect(steepest(blurred.IMAGE)).toBeLessThan(steepest(image) / 10)
  const black = await safetyCheck.run({ image, threshold: 0, action: 'black' }, context)
  expect(black.IMAGE.data.every(v => v === 0)).toBe(true)
  expect(image.data.some(v => v > 0)).toBe(true)
})

test('what counts', () => {
  const shares = { drawing: 0.2, hentai: 0.1, neutral: 0.1, porn: 0.4, sexy: 0.2 }
  expect(exposure(shares)).toBeCloseTo(0.6)
})

/** The largest step between neighbours of a row. */
function steepest({ data, shape }: Tensor): number {
  const channels = shape[3]!
  let most = 0
  for (let i = channels; i < data.length; i++)
    if (Math.floor(i / channels) % shape[2]! !== 0)
      most = Math.max(most, Math.abs(data[i]! - data[i - channels]!))
  return most
}
