import { describe, expect, test } from 'vitest'
import { inpaintModelConditioning } from '../nodes/conditioning/inpaint-model-conditioning.ts'
import { instructPixToPixConditioning } from '../nodes/conditioning/instruct-pix-to-pix-conditioning.ts'
import type { RunContext } from '../nodes/define.ts'
import { prompt, stubModel } from '../sampling/fixtures/stub-model.ts'
import { sample } from '../sampling/sample.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { editInput, inpaintInput } from './joined-input.ts'
import type { ConditioningItem, Vae } from './kinds.ts'
import { sd1Latent } from './latent-formats.ts'

const filled = (shape: number[], value: number): Tensor => {
  const out = tensor(shape)
  out.data.fill(value)
  return out
}
const plane = ({ data, shape }: Tensor, channel: number): number[] => {
  const size = shape[2]! * shape[3]!
  return [...data.slice(channel * size, (channel + 1) * size)]
}
const item = (more: Partial<ConditioningItem> = {}): ConditioningItem => ({ ...prompt(1), ...more })

describe('inpainting', () => {
  const latent = { samples: filled([1, 4, 1, 2], 3) }

  test('mask first, rounded to latent pixels, then the scaled picture', () => {
    const joinedMask = tensor([1, 1, 2], Float32Array.of(0.4, 0.6))
    const joinedLatent = filled([1, 4, 1, 2], 2)
    const joined = inpaintInput(item({ joinedMask, joinedLatent }), latent, sd1Latent)
    expect(joined.shape).toEqual([1, 5, 1, 2])
    expect(plane(joined, 0)).toEqual([0, 1])
    expect(plane(joined, 4)[0]).toBeCloseTo(2 * 0.18215)
  })

  test('a noise mask will do, over the latent itself; without any all is grey', () => {
    const noiseMask = tensor([1, 1, 2], Float32Array.of(1, 0))
    const masked = inpaintInput(item(), { ...latent, noiseMask }, sd1Latent)
    expect([plane(masked, 0), plane(masked, 1)]).toEqual([
      [1, 0],
      [3, 3],
    ])
    const grey = inpaintInput(item(), latent, sd1Latent)
    expect(plane(grey, 0)).toEqual([1, 1])
    expect(plane(grey, 2)[1]).toBeCloseTo(-0.6876)
  })

  test('a batch of masks goes over one picture', () => {
    const joinedMask = tensor([2, 1, 2], Float32Array.of(0, 0, 1, 1))
    const joined = inpaintInput(
      item({ joinedMask, joinedLatent: filled([1, 4, 1, 2], 1) }),
      latent,
      sd1Latent,
    )
    expect(joined.shape).toEqual([2, 5, 1, 2])
    expect([joined.data[0], joined.data[10]]).toEqual([0, 1])
  })
})

test('instruct-pix2pix: the picture unscaled, resized where it differs, or nothing', () => {
  const latent = { samples: tensor([1, 4, 2, 2]) }
  const shown = editInput(item({ joinedLatent: filled([1, 4, 4, 4], 5) }), latent)
  expect([shown.shape, shown.data[0]]).toEqual([[1, 4, 2, 2], 5])
  expect(editInput(item(), latent)).toEqual(tensor([1, 4, 2, 2]))
})

describe('nodes', () => {
  /** Encodes to the mean of the picture. */
  const vae: Vae = {
    downscale: 8,
    latentChannels: 4,
    decode: async latent => latent,
    encode: async ({ data, shape }) =>
      filled([1, 4, shape[1]! >> 3, shape[2]! >> 3], data.reduce((a, b) => a + b, 0) / data.length),
  }
  const context = { signal: new AbortController().signal, progress() {} } as unknown as RunContext
  const sides = { positive: [item()], negative: [item()], vae, pixels: filled([1, 16, 16, 3], 1) }

  test('InpaintModelConditioning greys what is masked and keeps the original as the start', async () => {
    const mask = filled([1, 16, 16], 1)
    const out = await inpaintModelConditioning.run({ ...sides, mask, noise_mask: false }, context)
    expect(out.positive[0]!.joinedLatent!.data[0]).toBe(0.5)
    expect(out.negative[0]!.joinedMask!.shape).toEqual([1, 16, 16])
    expect([out.latent.samples.data[0], out.latent.noiseMask]).toEqual([1, undefined])
  })

  test('InstructPixToPixConditioning starts from nothing', async () => {
    const out = await instructPixToPixConditioning.run(sides, context)
    expect(out.negative[0]!.joinedLatent!.data[0]).toBe(1)
    expect(out.latent.samples).toEqual(tensor([1, 4, 2, 2]))
  })
})

test('a run shows the network the further channels of each area', async () => {
  const stub = stubModel()
  const joined = filled([1, 1, 2, 4], 1)
  joined.data.set([9, 9], 2)
  const model = Object.assign(Object.create(stub), { joined: () => joined })
  const area = { x: 2, y: 0, width: 2, height: 2, unit: 'latent' } as const
  const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }
  const options = { seed: 1n, cfg: 1, sampler: 'euler', sigmas: Float32Array.of(1, 0) } as const
  const latent = { samples: tensor([1, 4, 2, 4]) }
  await sample({ ...options, model, positive: [item({ area })], negative: [], latent }, watch)
  const { x } = stub.asked[0]!
  expect(x.shape).toEqual([1, 5, 2, 2])
  expect(plane(x, 4)).toEqual([9, 9, 1, 1])
})
