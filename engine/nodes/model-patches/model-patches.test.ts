// Each patch on guesses that can be worked out by hand, through the node that sets it.
import { describe, expect, test } from 'vitest'
import type { Conditioning, DiffusionModel } from '../../models/kinds.ts'
import { prompt, stubModel } from '../../sampling/fixtures/stub-model.ts'
import { cfgGuider } from '../../sampling/guiders.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

async function patched(
  type: string,
  inputs: Record<string, unknown> = {},
  model: DiffusionModel = stubModel(),
): Promise<DiffusionModel> {
  const answer: Record<string, DiffusionModel> = await nodeTypes
    .get(type)!
    .run({ model, ...inputs }, {} as RunContext)
  return Object.values(answer)[0]!
}

interface Case {
  cond: number[]
  uncond: number[]
  x?: number[]
  cfg?: number
  sigma?: number
  other?: number[]
}

/** x0 of one image with two channels, of as many pixels as there are numbers for. */
async function denoised(model: DiffusionModel, given: Case): Promise<number[]> {
  const { cond, uncond, x = cond.map(() => 0), cfg = 2, sigma = 1, other = [] } = given
  const shape = [1, 2, 1, cond.length / 2]
  const guider = cfgGuider(model, [prompt(1)], [prompt(0)], cfg)
  const values = await guider.begin()(
    {
      x: tensor(shape, Float32Array.from(x)),
      sigma,
      sampling: model.sampling,
      askOwn: async (...places) =>
        places.map(place => Float32Array.from(place === 0 ? cond : uncond)),
      ask: async (_: Conditioning) => Float32Array.from(other),
      askWeakened: async () => Float32Array.from(other),
      negative: { attention: () => undefined, ask: async () => Float32Array.from(other) },
    },
    false,
  )
  return Array.from(values.denoised, value => +value.toFixed(5))
}

const length = (values: number[]) => Math.hypot(...values)
const plain: Case = { cond: [3, 4], uncond: [1, 0] }

test('without a patch it is plain guidance', async () => {
  expect(await denoised(stubModel(), plain)).toEqual([5, 8])
})

describe('patches of guidance', () => {
  test('RescaleCFG gives the result the deviation of the positive answer', async () => {
    const full = await denoised(await patched('RescaleCFG', { multiplier: 1 }), plain)
    // Deviations: 0.5 · √2 of the positive, 1.5 · √2 of the guided answer.
    expect(full).toEqual([5 / 3, 8 / 3].map(v => +v.toFixed(5)))
    expect(await denoised(await patched('RescaleCFG', { multiplier: 0 }), plain)).toEqual([5, 8])
  })

  test('RescaleCFG is about velocity, not x0', async () => {
    const given = { ...plain, x: [2, 6], sigma: 3 }
    const none = await denoised(await patched('RescaleCFG', { multiplier: 0 }), given)
    expect(none).toEqual([5, 8])
    const all = await denoised(await patched('RescaleCFG', { multiplier: 1 }), given)
    expect(all).not.toEqual(none)
  })

  test('CFGZeroStar fits the negative to the positive first', async () => {
    // scale = 3 / 1: 3·[1, 0] + 2 · ([3, 4] − 3·[1, 0])
    expect(await denoised(await patched('CFGZeroStar'), plain)).toEqual([3, 8])
  })

  test('CFGNorm holds pixels to the length they had', async () => {
    const got = await denoised(await patched('CFGNorm', { strength: 1 }), plain)
    expect(length(got)).toBeCloseTo(5, 4)
    expect(got[1]! / got[0]!).toBeCloseTo(8 / 5, 4)
    const half = await denoised(await patched('CFGNorm', { strength: 0.5 }), plain)
    expect(length(half)).toBeCloseTo(2.5, 4)
    const weaker = { cond: [3, 4], uncond: [3, 4] }
    expect(await denoised(await patched('CFGNorm', { strength: 1 }), weaker)).toEqual([3, 4])
  })

  test('RenormCFG guides at low noise only, up to a length', async () => {
    const model = await patched('RenormCFG', { cfg_trunc: 2, renorm_cfg: 1 })
    expect(length(await denoised(model, plain))).toBeCloseTo(5, 4)
    expect(await denoised(model, { ...plain, sigma: 3 })).toEqual([3, 4])
    const free = await patched('RenormCFG', { cfg_trunc: 2, renorm_cfg: 0 })
    expect(await denoised(free, plain)).toEqual([5, 8])
  })

  test('Epsilon Scaling makes the noise smaller', async () => {
    const model = await patched('Epsilon Scaling', { scaling_factor: 2 })
    expect(await denoised(model, { ...plain, x: [7, 8] })).toEqual([6, 8])
  })

  test('TCFG keeps of the negative only what lies along the shared direction', async () => {
    const aligned = { cond: [3, 4], uncond: [6, 8] }
    expect(await denoised(await patched('TCFG'), aligned)).toEqual([0, 0])
    // The positive is far longer, so the shared direction is nearly its own: [0, 1] drops out.
    const crossed = { cond: [1000, 0], uncond: [0, 1] }
    const [along, across] = await denoised(await patched('TCFG'), crossed)
    expect(along).toBeCloseTo(2000, 0)
    expect(Math.abs(across!)).toBeLessThan(0.01)
  })

  const projected = { eta: 1, norm_threshold: 0, momentum: 0 }
  test('APG at eta 1 is guidance at one more', async () => {
    // uncond + 2 · (difference + difference / 2)
    expect(await denoised(await patched('APG', projected), plain)).toEqual([7, 12])
  })

  test('APG at eta 0 leaves out guidance along the picture', async () => {
    const given = { cond: [4, 0], uncond: [0, -2] }
    // Difference [4, 2], of which [0, 2] is at right angles to [4, 0]; then as at eta 1.
    const got = await denoised(await patched('APG', { ...projected, eta: 0 }), given)
    expect(got).toEqual([0 + 2 * 2, -2 + 2 * (2 + 1)])
  })

  test('APG bounds the length of guidance', async () => {
    const limited = { ...projected, norm_threshold: 1 }
    const given = { cond: [4, 0], uncond: [0, 0] }
    expect(await denoised(await patched('APG', limited), given)).toEqual([2 * (1 + 2), 0])
  })

  test('APG remembers steps of its run only', async () => {
    const model = await patched('APG', { ...projected, momentum: 0.5 })
    const first = await denoised(model, plain)
    expect(await denoised(model, plain)).toEqual(first)
  })

  test('Mahiro mixes by how alike both sides are', async () => {
    const alike = { cond: [4, 4], uncond: [4, 4], cfg: 2 }
    // Similarity 1: only the guided answer; in the opposite direction only the scaled positive.
    expect(await denoised(await patched('Mahiro'), alike)).toEqual([4, 4])
    const opposite = { cond: [4, 4], uncond: [-4, -4], cfg: 2 }
    expect(await denoised(await patched('Mahiro'), opposite)).toEqual([8, 8])
  })

  test('PerpNeg asks the empty prompt too', async () => {
    const model = await patched('PerpNeg', { empty_conditioning: [prompt(9)], neg_scale: 1 })
    const given = { cond: [3, 0], uncond: [2, 5], other: [0, 0] }
    expect(await denoised(model, given)).toEqual([6, -10])
    // It has a say at cfg 1.
    expect(await denoised(model, { ...given, cfg: 1 })).toEqual([3, -5])
  })

  test('PerturbedAttentionGuidance keeps away from the worse picture', async () => {
    const model = await patched('PerturbedAttentionGuidance', { scale: 3 })
    expect(await denoised(model, { ...plain, other: [2, 4.5] })).toEqual([5 + 3, 8 - 1.5])
  })

  test('SkipLayerGuidanceSD3 keeps away from the worse picture in its range', async () => {
    const transformer = { ...stubModel(), skipsBlocks: true }
    const range = { start_percent: 0.2, end_percent: 0.8 }
    const inputs = { layers: '9, 7', scale: 2, ...range }
    const model = await patched('SkipLayerGuidanceSD3', inputs, transformer)
    const [start, middle, end] = [0.1, 0.5, 0.9].map(model.sampling.percentToSigma)
    const given = { ...plain, other: [2, 4.5] }
    expect(await denoised(model, { ...given, sigma: middle })).toEqual([5 + 2, 8 - 1])
    expect(await denoised(model, { ...given, sigma: start })).toEqual([5, 8])
    expect(await denoised(model, { ...given, sigma: end })).toEqual([5, 8])
    await expect(patched('SkipLayerGuidanceSD3', inputs)).rejects.toThrow(/SD3/)
  })

  const range = { start_percent: 0.2, end_percent: 0.8 }
  const layers = { double_layers: '9, 7', single_layers: '', ...range }
  const transformer = { ...stubModel(), skipsBlocks: true }

  test('SkipLayerGuidanceDiT may give the result the deviation of the positive answer', async () => {
    const more = { ...layers, scale: 2, rescaling_scale: 0 }
    const model = await patched('SkipLayerGuidanceDiT', more, transformer)
    const sigma = model.sampling.percentToSigma(0.5)
    const given = { ...plain, other: [2, 4.5], sigma }
    expect(await denoised(model, given)).toEqual([5 + 2, 8 - 1])
    expect(await denoised(model, { ...given, sigma: sigma * 1e3 })).toEqual([5, 8])
    const scaled = { ...more, scale: 1, rescaling_scale: 1 }
    const rescaled = await patched('SkipLayerGuidanceDiT', scaled, transformer)
    // [6, 7.5] has the deviation 0.75·√2, the positive answer 0.5·√2.
    expect(await denoised(rescaled, given)).toEqual([4, 5])
  })

  test('SkipLayerGuidanceDiTSimple asks the negative side of a weaker model', async () => {
    const model = await patched('SkipLayerGuidanceDiTSimple', layers, transformer)
    const sigma = model.sampling.percentToSigma(0.5)
    // other + 2 · (cond − other)
    expect(await denoised(model, { ...plain, other: [2, 4.5], sigma })).toEqual([4, 3.5])
    expect(await denoised(model, { ...plain, other: [2, 4.5], sigma: sigma * 1e3 })).toEqual([5, 8])
  })

  test('without layers, or for other models, there is nothing to leave out', async () => {
    const none = { ...layers, double_layers: '', scale: 2, rescaling_scale: 0 }
    expect(await patched('SkipLayerGuidanceDiT', none, transformer)).toBe(transformer)
    const wrong = patched('SkipLayerGuidanceDiT', { ...none, single_layers: '1' })
    await expect(wrong).rejects.toThrow(/SD3 and Flux/)
  })

  test('PerturbedAttentionGuidance is for UNets', async () => {
    const transformer = { ...stubModel(), jointAttention: true }
    const wrong = patched('PerturbedAttentionGuidance', { scale: 3 }, transformer)
    await expect(wrong).rejects.toThrow(/UNet/)
  })

  test('LatentApplyOperationCFG changes what guidance adds', async () => {
    const operation = ({ shape, data }: { shape: number[]; data: Float32Array }) =>
      tensor(
        shape,
        data.map(value => value / 2),
      )
    const model = await patched('LatentApplyOperationCFG', { operation })
    expect(await denoised(model, plain)).toEqual([1 + 2, 0 + 4])
    expect(await denoised(model, { ...plain, cfg: 1 })).toEqual([1.5, 2])
  })
})

describe('patches together', () => {
  test('stack in order', async () => {
    const once = await patched('CFGNorm', { strength: 1 })
    const both = await patched('Epsilon Scaling', { scaling_factor: 0.5 }, once)
    expect(length(await denoised(both, plain))).toBeCloseTo(10, 3)
    expect(length(await denoised(once, plain))).toBeCloseTo(5, 3)
  })

  test('stay when the model gets a LoRA or another schedule', async () => {
    const model = await patched('CFGZeroStar')
    const later = model.withAdapter({ file: 'a', strength: 1 }).withSampling(model.sampling)
    expect(await denoised(later, plain)).toEqual([3, 8])
  })
})

describe('DifferentialDiffusion', () => {
  const mask = Float32Array.of(0, 0.3, 0.6, 1)
  const at = async (sigma: number, strength?: number) => {
    const { patches, sampling } = await patched('DifferentialDiffusion', { strength })
    const sigmas = Float32Array.of(sampling.sigmaMax, 1, 0)
    return [...patches!.mask!(mask, { sigma, sigmas, sampling })]
  }
  const { sampling } = stubModel()

  test('lets the whitest places change first, all of them in the end', async () => {
    expect(await at(sampling.sigmaMax)).toEqual([0, 0, 0, 1])
    expect(await at(sampling.sigma(500))).toEqual([0, 0, 1, 1])
    expect(await at(sampling.sigmaMin)).toEqual([1, 1, 1, 1])
  })

  test('mixes the mask in below strength 1', async () => {
    const [, , third] = await at(sampling.sigma(500), 0.5)
    expect(third).toBeCloseTo(0.5 + 0.3, 5)
  })
})
