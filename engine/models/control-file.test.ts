// Union ControlNets and T2I-Adapters against diffusers, ControlNets saved as differences or as
// Control-LoRAs against what they add up to: on small networks of random weights.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readFloats } from '../inference/weights.ts'
import { setUnionControlNetType } from '../nodes/conditioning/set-union-control-net-type.ts'
import type { RunContext } from '../nodes/define.ts'
import { controlAt } from '../sampling/control.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { openControl } from './control-file.ts'
import { familiarControlNames } from './controlnet-names.ts'
import { addon, expected, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { Control, ControlNet, NetworkInput } from './kinds.ts'
import type { NetworkBase } from './network-base.ts'
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
      expectClose(t!, expected(`${kind}.${level}`), tolerance, `level ${level}`)
    const where = places!.flatMap((t, i) => (t ? [i] : []))
    expect(where).toEqual(kind === 'full_adapter_xl' ? [3, 5, 8] : [2, 5, 8, 11])
  })

  test('steers the UNet on its way down, by its strength', async () => {
    const net = openControl(addon('full_adapter'), pool)
    const got = await steered(net, 0.7)
    expectClose(got, expected('t2i.steered'), tolerance)
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
    for (const n of [0, 4, 11]) expectClose(output![n]!, expected(`union.${n}`), tolerance)
    expectClose(middle![0]!, expected('union.middle'), tolerance)
    expectClose(await steered(canny, 0.6), expected('union.steered'), tolerance)
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

/** The union without what makes it one, under lllyasviel's names, and the UNet's tensor of that name. */
function plainControl(): { name: string; own: Tensor; under: Tensor | undefined }[] {
  return [...familiarControlNames(addon('union')).tensors].flatMap(([name, weight]) => {
    if (/^(task_embedding|transformer_layes|spatial_ch|control_add)/.test(name)) return []
    const base = unet.weights.tensors.get(`${diffusionPrefix}${name}`)
    const read = (of: typeof weight) => tensor(of.shape, readFloats(of))
    return [{ name, own: read(weight), under: base && read(base) }]
  })
}
const open = (name: string, tensors: Record<string, Tensor>, base?: NetworkBase) => {
  const { metadata } = unet.weights
  return openControl({ ...writeWeights(join(folder, name), tensors), metadata }, pool, base)
}

describe('a ControlNet saved as a difference', () => {
  test('needs what it differs from', () => {
    const weights = writeWeights(join(folder, 'sign.safetensors'), { difference: tensor([0]) })
    expect(() => openControl(weights, pool)).toThrow(/sign\.safetensors holds only what differs/)
  })

  test('is with it what it was made from', async () => {
    const whole: Record<string, Tensor> = {}
    const less: Record<string, Tensor> = { difference: tensor([0]) }
    for (const { name, own, under } of plainControl()) {
      whole[`control_model.${name}`] = own
      const rest = own.data.map((value, i) => value - (under?.data[i] ?? 0))
      less[`control_model.${name}`] = tensor(own.shape, rest)
    }
    const [one, other] = [open('whole', whole), open('less', less, unet.base)]
    const hint = await one.hint(image, 16, 16)
    const [want, got] = [await one.residuals(input, hint), await other.residuals(input, hint)]
    expectClose(got.middle![0]!, want.middle![0]!, tolerance)
    expectClose(got.output![7]!, want.output![7]!, tolerance)
  })
})

describe('a Control-LoRA', () => {
  const rank = 3
  const whole: Record<string, Tensor> = {}
  const less: Record<string, Tensor> = { lora_controlnet: tensor([0]) }
  for (const { name, own, under } of plainControl()) {
    const [outputs = 0, inputs = 0, ...kernel] = own.shape
    if (!under || !inputs) {
      whole[name] = own
      less[name] = own
      continue
    }
    const layer = name.replace(/weight$/, '')
    const shrunk = ({ shape, data }: Tensor) =>
      tensor(
        shape,
        data.map(v => v / 20),
      )
    const down = shrunk(rnd(`${name} down`, [rank, inputs, ...kernel]))
    const up = shrunk(rnd(`${name} up`, [outputs, rank, ...kernel.map(() => 1)]))
    less[`${layer}down`] = down
    less[`${layer}up`] = up
    const each = under.data.length / outputs
    const sum = under.data.map((value, at) => {
      const [row, column] = [Math.floor(at / each), at % each]
      let more = 0
      for (let r = 0; r < rank; r++)
        more += up.data[row * rank + r]! * down.data[r * each + column]!
      return value + more
    })
    whole[name] = tensor(own.shape, sum)
  }
  const net = open('control-lora.safetensors', less)

  test('is the ControlNet that the UNet and the product of its matrices add up to', async () => {
    const full = open('control-full.safetensors', whole)
    const hint = await net.hint(image, 16, 16)
    const [want, got] = [
      await full.residuals(input, hint),
      await net.residuals({ ...input, base: unet.base }, hint),
    ]
    expect(got.output).toHaveLength(12)
    // The products run beside the layers, so sums round otherwise: 1.5e-6 at most.
    for (const [n, residual] of [...got.output!, got.middle![0]!].entries())
      expectClose(residual!, [...want.output!, want.middle![0]!][n]!, 2e-6)
  })

  test('is told of the UNet by the run', async () => {
    const control = { net, image, strength: 0.7, start: 0, end: 1 }
    const network = await unet.network()
    expect(network.base?.key).toBe(unet.base.key)
    const asked = { ...input, base: network.base }
    const residuals = await controlAt(control, unet.sampling, 1, asked, 1)
    const steered = await network.forward({ ...input, control: residuals })
    expect(apart(steered, await network.forward(input))).toBeGreaterThan(1e-3)
  })

  test('follows LoRAs on the UNet, except where it has a tensor of its own', async () => {
    const layer = 'input_blocks.1.1.transformer_blocks.0.attn1.to_q'
    const { shape } = unet.weights.tensors.get(`${diffusionPrefix}${layer}.weight`)!
    const kohya = `lora_unet_${layer.replaceAll('.', '_')}`
    const lora = writeWeights(join(folder, 'lora.safetensors'), {
      [`${kohya}.lora_down.weight`]: rnd('lora down', [2, shape[1]!]),
      [`${kohya}.lora_up.weight`]: rnd('lora up', [shape[0]!, 2]),
    })
    const changed = (strength: number) =>
      (unet.withAdapter({ file: lora.file, strength }) as typeof unet).base
    const hint = await net.hint(image, 16, 16)
    const seen = async (base: NetworkBase, of = net) =>
      (await of.residuals({ ...input, base }, hint)).middle![0]!
    const plain = await seen(unet.base)
    expectClose(await seen(changed(0)), plain, 1e-6)
    expect(apart(await seen(changed(1)), plain)).toBeGreaterThan(1e-3)
    const { [`${layer}.up`]: _, [`${layer}.down`]: __, ...rest } = less
    const own = open('control-own.safetensors', { ...rest, [`${layer}.weight`]: tensor(shape) })
    expect(await seen(changed(1), own)).toEqual(await seen(unet.base, own))
  })

  test('says what is missing or does not fit', async () => {
    const hint = await net.hint(image, 16, 16)
    await expect(net.residuals(input, hint)).rejects.toThrow(
      /Control-LoRA control-lora\.safetensors changes the UNet.*the model that is sampled has none/,
    )
    const wrong = async (tensors: Record<string, Tensor>) =>
      open('wrong.safetensors', tensors).residuals({ ...input, base: unet.base }, hint)
    const { 'time_embed.0.down': _, ...halved } = less
    await expect(wrong(halved)).rejects.toThrow(/"time_embed\.0\.up" without its other half/)
    await expect(wrong({ ...less, 'time_embed.0.down': tensor([3, 5]) })).rejects.toThrow(
      /wrong\.safetensors does not fit .*"time_embed\.0\.weight" of \d+ × 5 values, which is \[/,
    )
    await expect(
      wrong({ ...less, 'label_emb.0.0.up': tensor([4, 1]), 'label_emb.0.0.down': tensor([1, 4]) }),
    ).rejects.toThrow(/which the checkpoint has not\. Choose a checkpoint of the family/)
    const { 'zero_convs.3.0.bias': __, ...without } = less
    await expect(wrong(without)).rejects.toThrow(/wrong\.safetensors has no tensor .*zero_convs\.3/)
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
