import { describe, expect, test, vi } from 'vitest'
import type {
  Conditioning,
  ControlNet,
  NetworkInput,
  Vae,
  VisionModel,
} from '../../models/kinds.ts'
import { controlAt } from '../../sampling/control.ts'
import { stubModel } from '../../sampling/fixtures/stub-model.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { clipVisionLoader } from '../loaders/clip-vision-loader.ts'
import { controlNetLoader } from '../loaders/control-net-loader.ts'
import { diffControlNetLoader } from '../loaders/diff-control-net-loader.ts'
import type { Models } from '../models.ts'
import { clipVisionEncode } from './clip-vision-encode.ts'
import { controlNetApply } from './control-net-apply.ts'
import { controlNetApplyAdvanced } from './control-net-apply-advanced.ts'
import { controlNetApplySd3 } from './control-net-apply-sd3.ts'
import { controlNetInpaintingAliMamaApply } from './control-net-inpainting-ali-mama-apply.ts'

const context = {} as RunContext
const image = tensor([1, 4, 4, 3])
const prompt = (): Conditioning => [{ cond: tensor([1, 1, 2]) }]

/** Answers with `value` everywhere. */
const netOf = (value: number): ControlNet => ({
  hint: async (_, width, height) => tensor([1, 3, height * 8, width * 8]),
  async residuals({ x }) {
    const all = () => tensor([x.shape[0]!, 1], new Float32Array(x.shape[0]!).fill(value))
    return { middle: [all()], output: [all(), all()] }
  },
})

type Sides = { positive: Conditioning; negative: Conditioning }
const advanced = (sides: Sides, net: ControlNet, [strength, start, end]: number[]) => {
  const range = { start_percent: start!, end_percent: end! }
  const inputs = {
    ...sides,
    ...range,
    control_net: net,
    image,
    strength: strength!,
    vae: undefined,
  }
  return controlNetApplyAdvanced.run(inputs, context) as Sides
}

describe('Apply ControlNet', () => {
  const { sampling } = stubModel()
  const input: NetworkInput = {
    x: tensor([2, 4, 1, 1]),
    timesteps: new Float32Array(2),
    context: tensor([2, 1, 2]),
  }

  test('lays one over the other, the same for both sides', async () => {
    const once = advanced({ positive: prompt(), negative: prompt() }, netOf(1), [0.5, 0, 1])
    const twice = advanced(once, netOf(10), [1, 0, 0.5])
    const { control } = twice.positive[0]!
    expect(twice.negative[0]!.control).toBe(control)
    expect(once.positive[0]!.control).toBe(control!.previous)
    const at = async (sigma: number) =>
      (await controlAt(control, sampling, sigma, input, 1))?.output?.map(t => [...t!.data])
    const middle = sampling.percentToSigma(0.5)
    expect(await at(middle * 1.01)).toEqual([
      [10.5, 10.5],
      [10.5, 10.5],
    ])
    expect(await at(middle * 0.99)).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ])
  })

  test('of strength 0 lays nothing', () => {
    const sides = { positive: prompt(), negative: prompt() }
    expect(advanced(sides, netOf(1), [0, 0, 1])).toEqual(sides)
  })

  test('the old node marks its ControlNet for both sides', async () => {
    const inputs = { conditioning: prompt(), control_net: netOf(1), image, strength: 0.5 }
    const { CONDITIONING } = await controlNetApply.run(inputs, context)
    expect(CONDITIONING[0]).toMatchObject({
      controlBoth: true,
      control: { strength: 0.5, start: 0, end: 1 },
    })
  })
})

describe('ControlNets that see the encoded picture', () => {
  const vae = { downscale: 8 } as Vae
  const range = { strength: 0.7, start_percent: 0.1, end_percent: 0.6 }
  const given = () => ({ positive: prompt(), negative: prompt(), vae, image, ...range })

  test('are given the VAE', async () => {
    const sides = await controlNetApplySd3.run({ ...given(), control_net: netOf(1) }, context)
    expect(sides.positive[0]!.control).toMatchObject({ vae, strength: 0.7, start: 0.1, end: 0.6 })
    expect(sides.negative[0]!.control).toBe(sides.positive[0]!.control)
    const none = { ...given(), strength: 0 }
    const same = await controlNetApplySd3.run({ ...none, control_net: netOf(1) }, context)
    expect(same.positive).toBe(none.positive)
    const plain = { ...given(), control_net: netOf(1) }
    const both = await controlNetApplyAdvanced.run(plain, context)
    expect(both.positive[0]!.control!.vae).toBe(vae)
  })

  test('those that inpaint get a picture without the masked part, and the mask', async () => {
    const net = { ...netOf(1), takesMask: true }
    const white = tensor([2, 2, 2, 3], new Float32Array(24).fill(1))
    const mask = tensor([1, 2, 2], Float32Array.of(1, 0.4, 0, 0.6))
    const inputs = { ...given(), image: white, mask, control_net: net }
    const { positive } = await controlNetInpaintingAliMamaApply.run(inputs, context)
    const { image: shown, keep } = positive[0]!.control!
    const pixels = [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    expect([...shown.data]).toEqual([...pixels, ...pixels])
    expect([...keep!.data].map(v => +v.toFixed(3))).toEqual([0, 0.6, 1, 0.4])
  })

  test('others see it whole', async () => {
    const mask = tensor([1, 4, 4], new Float32Array(16).fill(1))
    const inputs = { ...given(), mask, control_net: netOf(1) }
    const { positive } = await controlNetInpaintingAliMamaApply.run(inputs, context)
    expect(positive[0]!.control!.image).toBe(image)
    expect(positive[0]!.control!.keep).toBeUndefined()
  })
})

test('a ControlNet that differs from a checkpoint is loaded with it', async () => {
  const [net, model] = [netOf(1), stubModel()]
  const controlnet = vi.fn(async () => net)
  const inputs = { model, control_net_name: 'diff.safetensors' }
  const loading = { models: { controlnet } as Partial<Models> } as RunContext
  expect(await diffControlNetLoader.run(inputs, loading)).toEqual({ CONTROL_NET: net })
  expect(controlnet).toHaveBeenCalledWith('diff.safetensors', model)
})

test('loaders hand on what the models folder holds', async () => {
  const net = netOf(1)
  const vision = { encode: async () => seen } satisfies VisionModel
  const seen = { embeds: tensor([1, 2]), last: tensor([1, 1, 2]), penultimate: tensor([1, 1, 2]) }
  const models = { controlnet: async () => net, vision: async () => vision } as Partial<Models>
  const loading = { models } as RunContext
  const loaded = await controlNetLoader.run({ control_net_name: 'canny.safetensors' }, loading)
  expect(loaded.CONTROL_NET).toBe(net)
  const { CLIP_VISION } = await clipVisionLoader.run({ clip_name: 'l.safetensors' }, loading)
  const inputs = { clip_vision: CLIP_VISION, image, crop: 'center' as const }
  const encoded = await clipVisionEncode.run(inputs, context)
  expect(encoded.CLIP_VISION_OUTPUT).toBe(seen)
})
