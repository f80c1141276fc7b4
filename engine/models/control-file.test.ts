// Union ControlNets and T2I-Adapters against diffusers, ControlNets saved as differences against
// what they differ from: on small networks of random weights.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readFloats, type Weights } from '../inference/weights.ts'
import { setUnionControlNetType } from '../nodes/conditioning/set-union-control-net-type.ts'
import type { RunContext } from '../nodes/define.ts'
import { controlAt } from '../sampling/control.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { openControl } from './control-file.ts'
import { familiarControlNames } from './controlnet-names.ts'
import { addon, expected, QuickPool, smallUnet } from './fixtures/addons.ts'
import { apart, difference, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { Control, ControlNet, NetworkInput } from './kinds.ts'
import { diffusionPrefix } from './transformer.ts'

const pool = new QuickPool()
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-control-file-'))
afterAll(async () => {
  await pool.free()
  rmSync(folder, { recursive: true, force: true })
})
const unet = smallUnet(pool)
const tolerance = 5e-5

/** The first of the goldens' two. */
const first = (t: Tensor): Tensor =>
  tensor([1, ...t.shape.slice(1)], t.data.slice(0, t.data.length / 2))
const input: NetworkInput = {
  x: first(rnd('x', [2, 4, 16, 16])),
  timesteps: Float32Array.of(500),
  context: first(rnd('context', [2, 5, 16])),
}
/** [1,3,128,128] in 0..1, and the same as an IMAGE. */
const planes = tensor(
  [1, 3, 128, 128],
  rnd('picture', [1, 3, 128, 128]).data.map(v => v / 2 + 0.5),
)
const image = tensor([1, 128, 128, 3])
for (let i = 0; i < 128 * 128; i++)
  for (let c = 0; c < 3; c++) image.data[i * 3 + c] = planes.data[c * 128 * 128 + i]!

/** What the UNet answers with this laid on it. */
async function steered(net: ControlNet, strength: number, previous?: Control): Promise<Tensor> {
  const control = { net, image, strength, start: 0, end: 1, previous }
  const residuals = await controlAt(control, unet.sampling, 1, input, 1)
  const network = await unet.network()
  return network.forward({ ...input, control: residuals })
}

describe('T2I-Adapter', () => {
  test.each(['full_adapter', 'full_adapter_xl', 'light_adapter'])('%s', async kind => {
    const net = openControl(addon(kind), pool)
    const hint = await net.hint(image, 16, 16)
    expect(hint).toEqual(planes)
    const { input: places, middle } = await net.residuals(input, hint)
    const got = [...places!.filter(t => t !== undefined), ...middle!]
    for (const [level, t] of got.entries())
      expect(difference(t!, expected(`${kind}.${level}`)), `level ${level}`).toBeLessThan(tolerance)
    const where = places!.flatMap((t, i) => (t ? [i] : []))
    expect(where).toEqual(kind === 'full_adapter_xl' ? [3, 5, 8] : [2, 5, 8, 11])
  })

  test('steers the UNet on its way down, by its strength', async () => {
    const net = openControl(addon('full_adapter'), pool)
    const got = await steered(net, 0.7)
    expect(difference(got, expected('t2i.steered'))).toBeLessThan(tolerance)
    expect(await steered(net, 0)).toEqual(await (await unet.network()).forward(input))
  })

  test('fills up to whole patches', async () => {
    const hint = await openControl(addon('full_adapter_xl'), pool).hint(image, 9, 16)
    expect(hint.shape).toEqual([1, 3, 128, 80])
  })
})

describe('a union of ControlNets', () => {
  const net = openControl(addon('union'), pool)
  const typed = (type: 'auto' | 'tile' | 'canny/lineart/anime_lineart/mlsd') => {
    const node = setUnionControlNetType.run({ control_net: net, type }, {} as RunContext)
    return (node as { CONTROL_NET: ControlNet }).CONTROL_NET
  }
  const canny = typed('canny/lineart/anime_lineart/mlsd')

  test('told what it sees', async () => {
    const hint = await canny.hint(image, 16, 16)
    const { middle, output } = await canny.residuals(input, hint)
    for (const n of [0, 4, 11])
      expect(difference(output![n]!, expected(`union.${n}`))).toBeLessThan(tolerance)
    expect(difference(middle![0]!, expected('union.middle'))).toBeLessThan(tolerance)
    expect(difference(await steered(canny, 0.6), expected('union.steered'))).toBeLessThan(tolerance)
  })

  test('another kind, or none told, is another answer', async () => {
    const hint = await net.hint(image, 16, 16)
    const ask = async (which: ControlNet) => (await which.residuals(input, hint)).middle![0]!
    const own = await ask(canny)
    for (const other of [typed('tile'), typed('auto')])
      expect(apart(await ask(other), own)).toBeGreaterThan(1e-3)
    expect(await ask(net)).toEqual(await ask(typed('auto')))
  })

  test('the type says nothing to others', () => {
    const other = openControl(addon('full_adapter'), pool)
    const inputs = { control_net: other, type: 'depth' } as const
    expect(setUnionControlNetType.run(inputs, {} as RunContext)).toEqual({ CONTROL_NET: other })
  })

  test('over an adapter both have a say', async () => {
    const adapter = openControl(addon('full_adapter'), pool)
    const below = { net: adapter, image, strength: 0.7, start: 0, end: 1 }
    const both = await steered(canny, 0.6, below)
    expect(apart(both, expected('union.steered'))).toBeGreaterThan(1e-3)
    expect(await steered(canny, 0, below)).toEqual(await steered(adapter, 0.7))
  })
})

describe('a ControlNet saved as a difference', () => {
  test('needs what it differs from', () => {
    const weights = writeWeights(join(folder, 'sign.safetensors'), { difference: tensor([0]) })
    expect(() => openControl(weights, pool)).toThrow(/sign\.safetensors holds only what differs/)
  })

  test('is with it what it was made from', async () => {
    const { metadata } = unet.weights
    const whole: Record<string, Tensor> = {}
    const less: Record<string, Tensor> = { difference: tensor([0]) }
    for (const [name, weight] of familiarControlNames(addon('union')).tensors) {
      if (/^(task_embedding|transformer_layes|spatial_ch|control_add)/.test(name)) continue
      const own = tensor(weight.shape, readFloats(weight))
      const base = unet.weights.tensors.get(`${diffusionPrefix}${name}`)
      const under = base && readFloats(base)
      whole[`control_model.${name}`] = own
      less[`control_model.${name}`] = tensor(
        own.shape,
        under ? own.data.map((value, i) => value - under[i]!) : own.data,
      )
    }
    const open = (name: string, tensors: Record<string, Tensor>, base?: Weights) =>
      openControl({ ...writeWeights(join(folder, name), tensors), metadata }, pool, base)
    const [one, other] = [open('whole', whole), open('less', less, unet.weights)]
    const hint = await one.hint(image, 16, 16)
    const [want, got] = [await one.residuals(input, hint), await other.residuals(input, hint)]
    expect(difference(got.middle![0]!, want.middle![0]!)).toBeLessThan(tolerance)
    expect(difference(got.output![7]!, want.output![7]!)).toBeLessThan(tolerance)
  })
})

test('a shuffle ControlNet steers by the mean of each residual', async () => {
  const file = addon('union')
  const named = join(folder, 'control_v11e_shuffle_fp16.safetensors')
  symlinkSync(file.file, named)
  const [shuffle, plain] = [{ ...file, file: named }, file].map(of => openControl(of, pool))
  const hint = await plain!.hint(image, 16, 16)
  const [got, want] = [await shuffle!.residuals(input, hint), await plain!.residuals(input, hint)]
  const [own, whole] = [got.output![3]!, want.output![3]!]
  const size = whole.shape[2]! * whole.shape[3]!
  const mean = whole.data.slice(0, size).reduce((a, b) => a + b) / size
  expect(own.shape).toEqual(whole.shape)
  expect(own.data[0]).toBeCloseTo(mean, 5)
  expect(new Set(own.data.slice(0, size)).size).toBe(1)
})
