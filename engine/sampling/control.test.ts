// ControlNets against ComfyUI 0.3.64, on networks of random weights.
import { beforeAll, describe, expect, test } from 'vitest'
import { expectClose } from '../models/fixtures/expect-close.ts'
import { goldenStore, tinySd15 } from '../models/fixtures/golden-store.ts'
import { difference, golden, missing, reason, rnd } from '../models/fixtures/goldens.ts'
import type { Conditioning, ControlNet, DiffusionModel } from '../models/kinds.ts'
import { controlNetApply } from '../nodes/conditioning/control-net-apply.ts'
import { controlNetApplyAdvanced } from '../nodes/conditioning/control-net-apply-advanced.ts'
import type { RunContext } from '../nodes/define.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { controlAt } from './control.ts'
import { sample } from './sample.ts'
import { runSigmas } from './schedules.ts'

const sigma = 3.3
const context = {} as RunContext
const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }

describe.skipIf(missing)(`ControlNet${reason}`, () => {
  const held = goldenStore({
    ...tinySd15,
    'controlnet/tiny.safetensors': 'more/keys/tiny_cn.json',
  })
  let model: DiffusionModel
  let net: ControlNet
  let positive: Conditioning
  let negative: Conditioning
  const g = golden('more/controlnet_tiny.safetensors')
  const runs = golden('more/controlnet_tiny_e2e.safetensors')

  beforeAll(async () => {
    const loaded = await held.store.checkpoint('tiny.safetensors')
    model = loaded.model
    net = await held.store.controlnet('tiny.safetensors')
    positive = [await loaded.clip!.encode('a photo of a cat')]
    negative = [await loaded.clip!.encode('blurry')]
  })

  const asked = () => {
    const x = g('x')
    const scaled = x.data.map(v => v / Math.sqrt(sigma ** 2 + 1))
    const timesteps = Float32Array.of(model.sampling.timestep(sigma))
    return { x: tensor(x.shape, scaled), timesteps, context: rnd('cn.ctx', [1, 77, 768]) }
  }
  const denoised = (eps: Tensor) =>
    tensor(
      eps.shape,
      g('x').data.map((v, i) => v - sigma * eps.data[i]!),
    )

  test('cuts and resizes the picture', async () => {
    expect(difference(await net.hint(g('hint_image'), 8, 8), g('hint_used'))).toBe(0)
  })

  test('answers with residuals for every skip and the middle', async () => {
    const { middle, output } = await net.residuals(asked(), g('hint_used'))
    const d = [
      difference(middle![0]!, g('residual.middle.0')),
      difference(output![0]!, g('residual.output.0')),
      difference(output![1]!, g('residual.output.1')),
    ]
    expect(Math.max(...d)).toBeLessThan(5e-5)
    expect(output).toHaveLength(2)
  })

  test('steers the UNet', async () => {
    const control = { net, image: g('hint_image'), strength: 0.8, start: 0, end: 1 }
    const residuals = await controlAt(control, model.sampling, sigma, asked(), 1)
    const network = await model.network()
    const steered = denoised(await network.forward({ ...asked(), control: residuals }))
    expectClose(steered, g('denoised.with_control0.8'), 5e-5)
    const free = denoised(await network.forward(asked()))
    expectClose(free, g('denoised.no_control'), 5e-5)
    expect(difference(free, steered)).toBeGreaterThan(1e-3)
  })

  function run(sides: { positive: Conditioning; negative: Conditioning }, steps: number) {
    const sigmas = runSigmas(model.sampling, 'normal', { steps, denoise: 1 })
    const latent = { samples: tensor([1, 4, 8, 8]) }
    return sample({ model, ...sides, latent, seed: 42n, cfg: 7, sampler: 'euler', sigmas }, watch)
  }
  const advanced = (
    sides: { positive: Conditioning; negative: Conditioning },
    [strength, start_percent, end_percent]: [number, number, number],
    image = g('hint_image'),
  ) => {
    const inputs = { ...sides, control_net: net, image, strength, start_percent, end_percent }
    return controlNetApplyAdvanced.run({ ...inputs, vae: undefined }, context) as typeof sides
  }

  const compare = async (name: string, got: Promise<Tensor>) => {
    expectClose(await got, runs(name), 1e-4)
  }

  test('a stretch of the run', async () => {
    const sides = advanced({ positive, negative }, [0.8, 0.1, 0.9])
    await compare('advanced.s0.8.0.1_0.9.euler.normal.6', run(sides, 6))
  })

  test('one that was laid on the positive side alone, as older workflows do, steers both', async () => {
    const inputs = { conditioning: positive, control_net: net, image: g('hint_image') }
    const { CONDITIONING } = await controlNetApply.run({ ...inputs, strength: 0.5 }, context)
    await compare('simple.s0.5.euler.normal.4', run({ positive: CONDITIONING, negative }, 4))
  })

  test('the positive side alone', async () => {
    const sides = advanced({ positive, negative }, [0.8, 0.1, 0.9])
    await compare('posonly.euler.normal.4', run({ ...sides, negative }, 4))
  })

  test('two, one over the other', async () => {
    const inverse = tensor(
      g('hint_image').shape,
      g('hint_image').data.map(v => 1 - v),
    )
    const first = advanced({ positive, negative }, [0.8, 0.1, 0.9])
    await compare('chained2.euler.normal.4', run(advanced(first, [0.3, 0, 1], inverse), 4))
  })

  test('strength 0 leaves the prompts as they are', () => {
    expect(advanced({ positive, negative }, [0, 0, 1])).toEqual({ positive, negative })
  })
})
