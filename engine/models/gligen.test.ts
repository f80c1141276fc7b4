// GLIGEN against diffusers, on a small UNet of random weights.
import { afterAll, describe, expect, test, vi } from 'vitest'
import { gligenTextBoxApply } from '../nodes/conditioning/gligen-text-box-apply.ts'
import type { RunContext } from '../nodes/define.ts'
import { prepareConditions } from '../sampling/conditions.ts'
import { askSides } from '../sampling/guidance.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { addon, expected, QuickPool, smallUnet } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { openGligen } from './gligen.ts'
import type { Conditioning, TextEncoderModel } from './kinds.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const unet = smallUnet(pool)
const gligen = openGligen(addon('gligen'))
const tolerance = 5e-5

const half = ({ shape, data }: Tensor) =>
  tensor([1, ...shape.slice(1)], data.slice(0, data.length / shape[0]!))
const texts = rnd('gligen.texts', [2, 16])
const text = (i: number) => tensor([1, 16], texts.data.slice(i * 16, (i + 1) * 16))
/** Of a picture of 128 × 128 pixels. */
const boxes = [
  { pooled: text(0), x: 4, y: 2, width: 8, height: 6 },
  { pooled: text(1), x: 0, y: 8, width: 8, height: 8 },
]
const plain = { cond: half(rnd('context', [2, 5, 16])) }

/** ε at σ = 1 for x as the network gets it. */
async function answer(conditioning: Conditioning, negative?: Conditioning): Promise<Tensor[]> {
  const network = await unet.network()
  const sampling = { ...unet.sampling, timestep: () => 500 }
  const x = half(rnd('x', [2, 4, 16, 16]))
  const noisy = tensor(
    x.shape,
    x.data.map(v => v * Math.SQRT2),
  )
  const prompts = [{ role: 'positive' as const, conditioning }]
  if (negative) prompts.push({ role: 'positive', conditioning: negative })
  const sides = prepareConditions(unet, prompts, x.shape)
  const guesses = await askSides(network, sampling, sides, noisy, 1)
  return guesses.map(x0 =>
    tensor(
      x.shape,
      x0.map((v, i) => noisy.data[i]! - v),
    ),
  )
}

describe('GLIGEN', () => {
  test('places texts as diffusers has it', async () => {
    const [got] = await answer([{ ...plain, gligen: { model: gligen, boxes } }])
    expectClose(got!, expected('gligen'), tolerance)
  })

  test('leaves prompts without boxes as they are, also beside others', async () => {
    const [alone] = await answer([plain])
    const placed = { ...plain, gligen: { model: gligen, boxes } }
    const [first, second] = await answer([placed], [plain])
    expect(second).toEqual(alone)
    expect(apart(first!, alone!)).toBeGreaterThan(1e-4)
  })

  test('another place is another picture', async () => {
    const moved = [{ ...boxes[0]!, x: 0 }, boxes[1]!]
    const [got] = await answer([{ ...plain, gligen: { model: gligen, boxes: moved } }])
    expect(apart(got!, expected('gligen'))).toBeGreaterThan(1e-6)
  })

  test('other files are refused in words', () => {
    expect(() => openGligen(addon('unet'))).toThrow(/is no GLIGEN model/)
  })
})

describe('GLIGENTextBoxApply', () => {
  const pooled = text(0)
  const encode = vi.fn(async () => ({ cond: plain.cond, pooled }))
  const clip = { encode } as unknown as TextEncoderModel
  const apply = (conditioning_to: Conditioning) => {
    const place = { width: 64, height: 32, x: 8, y: 16 }
    const inputs = { conditioning_to, clip, gligen_textbox_model: gligen, text: 'a cat', ...place }
    return gligenTextBoxApply.run(inputs, {} as RunContext)
  }

  test('adds boxes up, in latent pixels', async () => {
    const once = await apply([plain])
    const [item] = (await apply(once.CONDITIONING)).CONDITIONING
    const box = { pooled, x: 1, y: 2, width: 8, height: 4 }
    expect(item!.gligen).toEqual({ model: gligen, boxes: [box, box] })
    expect(encode).toHaveBeenCalledWith('a cat')
  })

  test('has room for thirty', async () => {
    const full = { ...plain, gligen: { model: gligen, boxes: Array(30).fill(boxes[0]) } }
    await expect(apply([full])).rejects.toThrow(/at most 30/)
  })
})
