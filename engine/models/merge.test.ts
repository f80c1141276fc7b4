// Merged models against files that were merged by hand: tensor by tensor, in plain JavaScript.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFloats, type Weights } from '../inference/weights.ts'
import { added, byBlocks, evenly, subtracted } from '../nodes/merge-fields.ts'
import type { Checkpoint } from '../nodes/models.ts'
import { encoderWith } from '../sampling/hooks.ts'
import type { Tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { rnd } from './fixtures/goldens.ts'
import { variant, varied } from './fixtures/variants.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { DiffusionModel, TextEncoderModel } from './kinds.ts'
import { mergeModels, mergeTexts } from './merge.ts'
import { mergedWeights, type Shares } from './merged-weights.ts'
import { type ModelStore, modelStore } from './store.ts'

const unet = 'model.diffusion_model.'
const clip = 'cond_stage_model.transformer.'

let folder: string
let merged: string
let store: ModelStore
let a: Checkpoint
let b: Checkpoint
const files: Record<'a' | 'b', Weights> = {} as never

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-merge-'))
  merged = join(folder, 'merged')
  for (const kind of ['checkpoints', 'loras']) mkdirSync(join(folder, kind))
  for (const name of ['a', 'b'] as const)
    files[name] = await variant(join(folder, `checkpoints/${name}.safetensors`), varied(name))
  store = modelStore({ modelDirs: [folder], mergedDir: merged, threads: 1 })
  a = await store.checkpoint('a.safetensors')
  b = await store.checkpoint('b.safetensors')
})
afterAll(async () => {
  await store?.free()
  rmSync(folder, { recursive: true, force: true })
})

/** A checkpoint of the numbers that `make` gives for each tensor. */
async function byHand(
  name: string,
  make: (name: string, of: (file: Weights) => Float32Array) => Float32Array,
): Promise<Checkpoint> {
  const numbers = (tensor: string) =>
    make(tensor, ({ tensors }) => readFloats(tensors.get(tensor)!))
  await variant(join(folder, `checkpoints/${name}.safetensors`), numbers, 'F32')
  return store.checkpoint(`${name}.safetensors`)
}

const sum = (one: Float32Array, x: number, other: Float32Array, y: number) =>
  one.map((value, i) => x * value + y * other[i]!)

/** What the two files mixed by hand hold. */
const mixed =
  (shares: Shares, prefix = unet) =>
  (name: string, of: (file: Weights) => Float32Array) => {
    if (!name.startsWith(prefix)) return of(files.a)
    const [x, y] = shares(name.slice(prefix.length))
    return sum(of(files.a), x, of(files.b), y)
  }

async function forward(model: DiffusionModel): Promise<Tensor> {
  const network = await model.network()
  return network.forward({
    x: rnd('merge.x', [1, 4, 8, 8]),
    timesteps: Float32Array.of(500),
    context: rnd('merge.context', [1, 77, 16]),
    y: rnd('merge.y', [1, 16]),
  })
}

const expectSame = (got: Tensor, want: Tensor, within = 2e-5) => expectClose(got, want, within)

const mergeOf = (shares: Shares, first = a.model, second = b.model) =>
  mergeModels(first, second, shares, merged).merged

const ways: [string, Shares][] = [
  ['ModelMergeSimple', evenly(0.3)],
  ['ModelMergeAdd', added],
  ['ModelMergeSubtract', subtracted(0.5)],
  ['ModelMergeBlocks', byBlocks({ input: 0.9, middle: 0.2, out: 0.6 })],
  ['one block from the second alone', byBlocks({ 'out.': 1, 'output_blocks.': 0 })],
]

describe('a model', () => {
  test.each(ways)('%s computes what a file merged by hand does', async (name, shares) => {
    const hand = await byHand(name.replaceAll(' ', '-'), mixed(shares))
    const got = await forward(mergeOf(shares))
    expectSame(got, await forward(hand.model))
    expect(Math.max(...got.data.map(Math.abs))).toBeGreaterThan(0)
  })

  test('the longest start of a name counts, what none fits goes by the first', () => {
    const shares = byBlocks({
      'time_embed.': 0.25,
      input: 0.5,
      'input_blocks.1': 0.75,
      'input_blocks.10.': 0,
    })
    const first = (name: string) => shares(name)[0]
    expect(first('input_blocks.2.0.weight')).toBe(0.5)
    expect(first('input_blocks.1.0.weight')).toBe(0.75)
    expect(first('input_blocks.10.0.weight')).toBe(0)
    expect(first('label_emb.0.0.weight')).toBe(0.25)
    expect(shares('input_blocks.1.0.weight')[1]).toBe(0.25)
  })

  test('all of one is that one, where it lies', async () => {
    const { base } = mergeOf(evenly(1))
    const name = `${unet}out.2.weight`
    expect(base!.weights.tensors.get(name)).toEqual(files.a.tensors.get(name))
    const other = mergeOf(evenly(0))
    expect(other.base!.weights.tensors.get(name)).toEqual(files.b.tensors.get(name))
    expect(await forward(other)).toEqual(await forward(b.model))
  })

  test('a LoRA beneath counts with its model, one above counts in full', async () => {
    const layer = `${unet}input_blocks.1.0.out_layers.3`
    const loras = ['under', 'second', 'over'].map(name => {
      const [outputs, inputs] = files.a.tensors.get(`${layer}.weight`)!.shape as [number, number]
      const parts: Record<string, Tensor> = {
        'diffusion_model.input_blocks.1.0.out_layers.3.lora_up.weight': rnd(`${name} up`, [
          outputs,
          2,
          1,
          1,
        ]),
        'diffusion_model.input_blocks.1.0.out_layers.3.lora_down.weight': rnd(`${name} down`, [
          2,
          inputs,
          3,
          3,
        ]),
      }
      const [up, down] = Object.values(parts) as [Tensor, Tensor]
      const file = writeWeights(join(folder, `loras/${name}.safetensors`), parts).file
      const row = inputs * 9
      const delta = new Float32Array(outputs * row).map(
        (_, i) =>
          up.data[2 * Math.floor(i / row)]! * down.data[i % row]! +
          up.data[2 * Math.floor(i / row) + 1]! * down.data[row + (i % row)]!,
      )
      return { adapter: { file, strength: 0.5 }, delta }
    })
    const [under, second, over] = loras as [(typeof loras)[0], (typeof loras)[0], (typeof loras)[0]]
    const model = mergeOf(
      evenly(0.3),
      a.model.withAdapter(under.adapter),
      b.model.withAdapter(second.adapter),
    ).withAdapter(over.adapter)
    const hand = await byHand('with-loras', (name, of) => {
      const plain = mixed(evenly(0.3))(name, of)
      if (name !== `${layer}.weight`) return plain
      return plain.map(
        (v, i) => v + 0.5 * (0.3 * under.delta[i]! + 0.7 * second.delta[i]! + over.delta[i]!),
      )
    })
    expectSame(await forward(model), await forward(hand.model))
    const without = await forward(mergeOf(evenly(0.3)))
    expect((await forward(model)).data).not.toEqual(without.data)
    // The strength beneath is part of the numbers.
    const stronger = a.model.withAdapter({ ...under.adapter, strength: 1 })
    expect(mergeOf(evenly(0.3), stronger).base!.key).not.toBe(
      mergeOf(evenly(0.3), a.model.withAdapter(under.adapter)).base!.key,
    )
  })

  test('factors of attention count with their model, and once', async () => {
    const factors = { layers: 'attn1', q: 0.5, k: 1.5, v: 2, out: 0.25 } as const
    const model = mergeOf(evenly(0.3), a.model.withFactors!(factors))
    const times = { to_q: 0.5, to_k: 1.5, to_v: 2, 'to_out.0': 0.25 }
    const hand = await byHand('with-factors', (name, of) => {
      const [, factor = 1] =
        Object.entries(times).find(([end]) => /attn1\./.test(name) && name.includes(`.${end}.`)) ??
        []
      return name.startsWith(unet) ? sum(of(files.a), 0.3 * factor, of(files.b), 0.7) : of(files.a)
    })
    expectSame(await forward(model), await forward(hand.model))
    const without = await forward(mergeOf(evenly(0.3)))
    expect((await forward(model)).data).not.toEqual(without.data)
    // What comes later is laid on the mixture.
    const later = model.withFactors!({ ...factors, q: 2, k: 1 / 1.5, v: 0.5, out: 4 })
    expect((await forward(later)).data).not.toEqual((await forward(model)).data)
  })

  test('a checkpoint as LoRA lies on a mixture, and mixes with it', async () => {
    const dir = join(folder, 'as-lora')
    const merge = (first: DiffusionModel, second: DiffusionModel, shares: Shares) =>
      mergeModels(first, second, shares, dir).merged
    const whole = { file: files.b.file, strength: 0.4, whole: true }
    const over = merge(a.model, b.model, evenly(0.5)).withAdapter(whole)
    // Before the mixture beneath has been computed for itself.
    const again = merge(over, a.model, evenly(0.5))
    const hands = [evenly(0.3), evenly(0.65)].map((shares, i) =>
      byHand(`as-lora${i}`, mixed(shares)),
    )
    const [once, twice] = (await Promise.all(hands)) as [Checkpoint, Checkpoint]
    expectSame(await forward(again), await forward(twice.model), 5e-5)
    expect(readdirSync(dir)).toHaveLength(1)
    expectSame(await forward(over), await forward(once.model), 5e-5)
  })

  test('a chain is computed at once, without files between', async () => {
    const before = readdirSync(merged).length
    // b + (a − b)·0.5 + … as those do who add what a model has learnt.
    const learnt = mergeOf(subtracted(0.5))
    const model = mergeOf(added, b.model, learnt)
    const hand = await byHand('chain', (name, of) =>
      name.startsWith(unet) ? sum(of(files.a), 0.5, of(files.b), 0.5) : of(files.a),
    )
    expectSame(await forward(model), await forward(hand.model))
    expect(readdirSync(merged).length - before).toBe(1)
  })

  test('numbers are computed once; a file that is gone is made anew', async () => {
    const shares = evenly(0.45)
    const first = await forward(mergeOf(shares))
    const { file } = mergeOf(shares).base!.weights
    const { ino, mtimeMs } = statSync(file)
    await store.free()
    expect(await forward(mergeOf(shares))).toEqual(first)
    expect([statSync(file).ino, statSync(file).mtimeMs]).toEqual([ino, mtimeMs])
    await store.free()
    rmSync(file)
    expect(await forward(mergeOf(shares))).toEqual(first)
    expect(file).toMatch(/merged\/a\+b-[0-9a-f]{24}\.merged\.safetensors$/)
  })

  test('interrupted it leaves nothing; progress is told on the way', async () => {
    const dir = join(folder, 'interrupted')
    const { merged: model } = mergeModels(a.model, b.model, evenly(0.5), dir)
    const abort = new AbortController()
    const told: string[] = []
    const watch = {
      signal: abort.signal,
      progress(done: number, of: number, doing?: string) {
        told.push(`${doing} ${done < of}`)
        if (told.length === 3) abort.abort()
      },
    }
    await expect(model.network(undefined, watch)).rejects.toThrow(/abort/i)
    expect([told, readdirSync(dir)]).toEqual([Array(3).fill('Merging, once true'), []])
    expect((await forward(model)).shape).toEqual([1, 4, 8, 8])
    expect(readdirSync(dir)).toHaveLength(1)
  })

  test('what a killed process left is cleared away by the next', async () => {
    const dir = join(folder, 'killed')
    mkdirSync(dir)
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(join(dir, `a+b-0.merged.safetensors.${dead}.part`), 'half')
    const { merged: model } = mergeModels(a.model, b.model, evenly(0.5), dir)
    await model.base!.weights.made!.ready()
    expect(readdirSync(dir)).toEqual([basename(model.base!.weights.file)])
  })

  test('rounded to 8 bits, each merge has levels of its own', async () => {
    const int8Dir = join(folder, 'int8')
    const rounding = modelStore({ modelDirs: [folder], mergedDir: merged, int8Dir, threads: 1 })
    const [one, other] = await Promise.all(
      ['a', 'b'].map(async name => (await rounding.checkpoint(`${name}.safetensors`)).model),
    )
    for (const ratio of [0, 0.5, 1]) await forward(mergeOf(evenly(ratio), one, other))
    expect(readdirSync(int8Dir)).toHaveLength(3)
    await rounding.free()
  })

  test('what an inpainting model sees beyond others stays its own', () => {
    const { tensors } = files.a
    const first = `${unet}input_blocks.0.0.weight`
    const wide = tensors.get(first)!
    const [outputs, , ...kernel] = wide.shape as number[]
    const painter = a.model.withWeights!({
      ...files.a,
      tensors: new Map(tensors).set(first, { ...wide, shape: [outputs!, 9, ...kernel] }),
    })
    const { merged: model, notes } = mergeModels(painter, b.model, evenly(0.5), merged)
    expect(model.base!.weights.tensors.get(first)!.shape[1]).toBe(9)
    expect(notes).toEqual([
      'b.safetensors has nothing that fits 1 tensor ("input_blocks.0.0.weight"): the first model\'s stay.',
    ])
  })

  test('models of two families: both files and the first tensor that does not fit', () => {
    const { tensors } = files.b
    const name = `${unet}out.2.weight`
    const changed = (as: Map<string, NonNullable<ReturnType<typeof tensors.get>>>) =>
      b.model.withWeights!({ ...files.b, tensors: as })
    const other = { ...tensors.get(name)!, shape: [4, 8, 1, 1] }
    expect(() => mergeOf(evenly(0.5), a.model, changed(new Map(tensors).set(name, other)))).toThrow(
      /^a\.safetensors and b\.safetensors cannot be merged: "out\.2\.weight" is \[4, \d+, 3, 3\] in the one and \[4, 8, 1, 1\]/,
    )
    const few = [...tensors].filter(([name]) => /attn2\.to_k|input_blocks\.0\.0/.test(name))
    expect(() => mergeOf(evenly(0.5), a.model, changed(new Map(few)))).toThrow(
      /a\.safetensors and b\.safetensors cannot be merged: the second has no tensor "/,
    )
  })

  test('float32 up to a size; larger ones in the type they came in', () => {
    const types = (float32BytesMax: number) => {
      const part = ({ base }: DiffusionModel) => ({ base: base!, prefix: unet })
      const options = { dir: merged, float32BytesMax }
      const { weights } = mergedWeights(part(a.model), part(b.model), evenly(0.5), options)
      return new Set([...weights.made!.tensors.keys()].map(name => weights.tensors.get(name)!.type))
    }
    expect([types(4e9), types(1000)]).toEqual([new Set(['F32']), new Set(['F16'])])
  })
})

describe('a text encoder', () => {
  const prompt = 'a (red:1.3) house'

  test.each<[string, Shares]>([
    ['CLIPMergeSimple', evenly(0.3)],
    ['CLIPMergeAdd', added],
    ['CLIPMergeSubtract', subtracted(2)],
  ])(
    '%s computes what a file merged by hand does, in the type of the first',
    async (name, shares) => {
      const numbers = (tensor: string) =>
        mixed(shares, clip)(tensor, ({ tensors }) => readFloats(tensors.get(tensor)!))
      await variant(join(folder, `checkpoints/${name}.safetensors`), numbers, 'F16')
      const hand = await store.checkpoint(`${name}.safetensors`)
      const { merged: text } = mergeTexts(a.clip!, b.clip!, shares, merged)
      const told: string[] = []
      await text.ready!({ progress: (_done, _of, doing) => told.push(doing!) })
      expect(told).toContain('Merging, once')
      const [got, want] = [await text.encode(prompt), await hand.clip!.encode(prompt)]
      expectSame(got.cond, want.cond, 1e-5)
      const { weights } = text.encoderParts![0]!.base
      expect(weights.tensors.get(`${clip}text_model.final_layer_norm.weight`)!.type).toBe('F16')
    },
  )

  test('positions and the scale of training stay as they are', () => {
    const { tensors } = files.a
    const scaled = new Map(tensors).set(`${clip}logit_scale`, {
      ...tensors.get(`${unet}out.2.bias`)!,
    })
    const one = a.clip!.withWeights!(new Map([['clip_l', { ...files.a, tensors: scaled }]]))
    const { merged: text } = mergeTexts(one, one, added, merged)
    const after = text.encoderParts![0]!.base.weights
    expect(after.tensors.get(`${clip}logit_scale`)).toEqual(scaled.get(`${clip}logit_scale`))
    expect(after.made!.tensors.has(`${clip}text_model.final_layer_norm.bias`)).toBe(true)
  })

  test('a checkpoint as hook lies on a mixture, and mixes with it', async () => {
    const dir = join(folder, 'as-hook')
    const merge = (first: TextEncoderModel, second: TextEncoderModel, shares: Shares) =>
      mergeTexts(first, second, shares, dir).merged
    const hooks = [{ file: files.b.file, whole: true, model: 1, clip: 0.4 }]
    const over = encoderWith(merge(a.clip!, b.clip!, evenly(0.5)), hooks, {
      carry: true,
      schedule: false,
    })
    const again = merge(over, a.clip!, evenly(0.5))
    // Text encoders go back to the type of their files: once as a mixture, once more with the hook.
    const read = (file: Weights, name: string) => readFloats(file.tensors.get(name)!)
    const hand = async (name: string, x: number, one: Weights, y: number, other: Weights) => {
      const file = join(folder, `checkpoints/${name}.safetensors`)
      return variant(file, tensor => sum(read(one, tensor), x, read(other, tensor), y), 'F16')
    }
    const half = await hand('half', 0.5, files.a, 0.5, files.b)
    await hand('over-half', 0.6, half, 0.4, files.b)
    await hand('again', 0.65, files.a, 0.35, files.b)
    for (const [text, name] of [
      [again, 'again'],
      [over, 'over-half'],
    ] as const) {
      const { clip: want } = await store.checkpoint(`${name}.safetensors`)
      expectSame((await text.encode(prompt)).cond, (await want!.encode(prompt)).cond, 5e-4)
    }
  })

  test('encoders of two families are refused by their names', () => {
    const parts = [{ ...b.clip!.encoderParts![0]!, name: 'clip_g' }]
    const withParts = (value?: typeof parts) =>
      Object.create(b.clip!, { encoderParts: { value } }) as TextEncoderModel
    const other = withParts(parts)
    expect(() => mergeTexts(a.clip!, other, added, merged)).toThrow(
      'a.safetensors (clip_l) and b.safetensors (clip_g) cannot be merged: the second has no clip_l',
    )
    expect(() => mergeTexts(a.clip!, withParts(), added, merged)).toThrow(
      /cannot be merged: only CLIP and T5/,
    )
  })
})
