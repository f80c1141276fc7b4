// LoRAs of diffusion transformers under every trainer's names: at run time they must give what weights
// give that were changed beforehand, here in plain arithmetic.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { readFloats, type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { familyFixtures } from './fixtures/families.ts'
import {
  difference,
  golden,
  goldens,
  missing,
  randomModel,
  reason,
  repository,
  rnd,
} from './fixtures/goldens.ts'
import { writeWeights } from './fixtures/write-weights.ts'
import type { ConditioningItem, DiffusionModel } from './kinds.ts'
import { T5Encoder } from './t5-encoder.ts'
import { t5Tokenizer } from './t5-tokenizer.ts'
import { transformerModel } from './transformer-families.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-loras-'))
const fixtures = familyFixtures('text')
const pool = new SessionPool({ budgetBytes: 1e9 })
// Its files have the same name to a pool, though some of their tensors lie elsewhere.
const referencePool = () => new SessionPool({ budgetBytes: 1e9 })
afterAll(async () => {
  await pool.free()
  for (const made of [folder, fixtures.folder]) rmSync(made, { recursive: true, force: true })
})

const rank = 4
const alpha = 2
const strength = 0.7

/** A layer of the LoRA: its name in the file, and the tensor and first row of the checkpoint. */
type Layer = [name: string, tensor: string, from?: number, count?: number]

interface Naming {
  down: string
  up: string
  alpha?: string
  layers: Layer[]
}

const peft = { down: 'lora_A.weight', up: 'lora_B.weight' }
const kohya = { down: 'lora_down.weight', up: 'lora_up.weight', alpha: 'alpha' }

/** down [rank,in] and up [out,rank] for each layer; alpha where the naming has one. */
function makeLora(name: string, { down, up, alpha: end, layers }: Naming, checkpoint: Weights) {
  const tensors: Record<string, Tensor> = {}
  for (const [layer, target, , count] of layers) {
    const [outputs, inputs] = weight(checkpoint, `${target}.weight`).shape as [number, number]
    tensors[`${layer}.${down}`] = rnd(`${layer} down`, [rank, inputs])
    tensors[`${layer}.${up}`] = small(rnd(`${layer} up`, [count ?? outputs, rank]))
    if (end) tensors[`${layer}.${end}`] = tensor([], Float32Array.of(alpha))
  }
  return { file: join(folder, `${name}.safetensors`), tensors }
}

const small = ({ shape, data }: Tensor) =>
  tensor(
    shape,
    data.map(v => v / 16),
  )

/** The checkpoint with W + strength·(alpha/rank)·up·down in the place of W. */
function folded(name: string, naming: Naming, checkpoint: Weights, lora: Record<string, Tensor>) {
  const changed: Record<string, Tensor> = {}
  for (const [layer, target, from = 0] of naming.layers) {
    const key = `${target}.weight`
    const stored = weight(checkpoint, key)
    const whole = (changed[key] ??= tensor(stored.shape, readFloats(stored)))
    const [down, up] = [lora[`${layer}.${naming.down}`]!, lora[`${layer}.${naming.up}`]!]
    const inputs = down.shape[1]!
    const scale = strength * (naming.alpha ? alpha / rank : 1)
    for (let o = 0; o < up.shape[0]!; o++)
      for (let i = 0; i < inputs; i++) {
        let sum = 0
        for (let r = 0; r < rank; r++) sum += up.data[o * rank + r]! * down.data[r * inputs + i]!
        whole.data[(from + o) * inputs + i]! += scale * sum
      }
  }
  const written = writeWeights(join(folder, `${name}-folded.safetensors`), changed)
  return { ...checkpoint, tensors: new Map([...checkpoint.tensors, ...written.tensors]) }
}

interface Case {
  checkpoint: () => Weights
  input: () => { x: Tensor; item: ConditioningItem }
  namings: Record<string, Naming>
}

const flux = (start: string): Layer[] => [
  [`${start}transformer_blocks.0.attn.to_q`, 'double_blocks.0.img_attn.qkv', 0, 256],
  [`${start}transformer_blocks.0.attn.to_v`, 'double_blocks.0.img_attn.qkv', 512, 256],
  [`${start}transformer_blocks.0.attn.add_k_proj`, 'double_blocks.0.txt_attn.qkv', 256, 256],
  [`${start}transformer_blocks.0.attn.to_out.0`, 'double_blocks.0.img_attn.proj'],
  [`${start}transformer_blocks.0.attn.to_add_out`, 'double_blocks.0.txt_attn.proj'],
  [`${start}transformer_blocks.0.ff.net.0.proj`, 'double_blocks.0.img_mlp.0'],
  [`${start}transformer_blocks.0.ff_context.net.2`, 'double_blocks.0.txt_mlp.2'],
  [`${start}transformer_blocks.0.norm1.linear`, 'double_blocks.0.img_mod.lin'],
  [`${start}single_transformer_blocks.0.attn.to_k`, 'single_blocks.0.linear1', 256, 256],
  [`${start}single_transformer_blocks.0.proj_mlp`, 'single_blocks.0.linear1', 768, 1024],
  [`${start}single_transformer_blocks.0.proj_out`, 'single_blocks.0.linear2'],
  [`${start}single_transformer_blocks.0.norm.linear`, 'single_blocks.0.modulation.lin'],
]
const own = (start: string, layers: string[], join = '.'): Layer[] =>
  layers.map(layer => [start + layer.replaceAll('.', join), layer])
const fluxOwn = [
  ...['double_blocks.0.img_attn.qkv', 'double_blocks.0.txt_mlp.0'],
  ...['single_blocks.0.linear1', 'img_in', 'txt_in', 'final_layer.linear'],
]
const underscored = (layers: Layer[], start: string): Layer[] =>
  layers.map(([name, ...rest]) => [start + name.replaceAll('.', '_'), ...rest])

const thirds = (name: string, target: string, width: number): Layer[] =>
  ['to_q', 'to_k', 'to_v'].map((end, i) => [`${name}.${end}`, target, i * width, width])

const cases: Record<string, Case> = {
  Flux: {
    checkpoint: () => openSafetensors(randomModel('more/keys/flux_dev_mini.json')),
    input: () => ({
      x: golden('more/flux_dev_mini.safetensors')('x'),
      item: { cond: rnd('flux.ctx', [1, 20, 4096]), pooled: rnd('flux.pooled', [1, 768]) },
    }),
    namings: {
      'diffusers, AI-toolkit': { ...peft, layers: flux('transformer.') },
      PEFT: {
        down: 'lora_A.default.weight',
        up: 'lora_B.default.weight',
        layers: flux('base_model.model.'),
      },
      'without a prefix': { ...peft, layers: flux('') },
      "kohya's": { ...kohya, layers: own('lora_unet_', fluxOwn, '_') },
      "OneTrainer's": { ...kohya, layers: underscored(flux(''), 'lora_transformer_') },
      "ComfyUI's, BFL's": { ...peft, layers: own('diffusion_model.', fluxOwn) },
      "XLabs'": {
        down: 'down.weight',
        up: 'up.weight',
        layers: [
          ['double_blocks.0.processor.qkv_lora1', 'double_blocks.0.img_attn.qkv'],
          ['double_blocks.0.processor.qkv_lora2', 'double_blocks.0.txt_attn.qkv'],
          ['double_blocks.0.processor.proj_lora1', 'double_blocks.0.img_attn.proj'],
          ['double_blocks.0.processor.proj_lora2', 'double_blocks.0.txt_attn.proj'],
        ],
      },
    },
  },
  'Stable Diffusion 3': {
    checkpoint: () => unprefixed(openSafetensors(`${goldens}/sd3_mini_model.safetensors`)),
    input: () => {
      const g = golden('sd3_mini_samplers.safetensors')
      return { x: g('x'), item: { cond: g('cond'), pooled: g('pooled') } }
    },
    namings: {
      diffusers: {
        ...peft,
        layers: [
          ...thirds('transformer.transformer_blocks.0.attn', 'joint_blocks.0.x_block.attn.qkv', 64),
          [
            'transformer.transformer_blocks.0.attn.add_v_proj',
            'joint_blocks.0.context_block.attn.qkv',
            128,
            64,
          ],
          ['transformer.transformer_blocks.0.attn.to_out.0', 'joint_blocks.0.x_block.attn.proj'],
          ['transformer.transformer_blocks.0.ff.net.0.proj', 'joint_blocks.0.x_block.mlp.fc1'],
          [
            'transformer.transformer_blocks.0.norm1.linear',
            'joint_blocks.0.x_block.adaLN_modulation.1',
          ],
          ['transformer.proj_out', 'final_layer.linear'],
        ],
      },
      "kohya's": {
        ...kohya,
        layers: own(
          'lora_unet_',
          ['joint_blocks.0.x_block.attn.qkv', 'joint_blocks.0.x_block.mlp.fc2', 'context_embedder'],
          '_',
        ),
      },
    },
  },
  'Lumina 2': {
    checkpoint: () => openSafetensors(randomModel('more/keys/lumina2_mini.json')),
    input: () => ({
      x: golden('more/lumina2_mini.safetensors')('x'),
      item: { cond: rnd('lumina.ctx', [1, 16, 2304]) },
    }),
    namings: {
      diffusers: {
        ...peft,
        layers: [
          ['transformer.layers.0.attn.to_q', 'layers.0.attention.qkv', 0, 288],
          ['transformer.layers.0.attn.to_k', 'layers.0.attention.qkv', 288, 96],
          ['transformer.layers.0.attn.to_v', 'layers.0.attention.qkv', 384, 96],
          ['transformer.layers.1.attn.to_out.0', 'layers.1.attention.out'],
          ['transformer.layers.1.feed_forward.linear_1', 'layers.1.feed_forward.w1'],
          ['transformer.noise_refiner.0.norm1.linear', 'noise_refiner.0.adaLN_modulation.1'],
          ['transformer.time_caption_embed.timestep_embedder.linear_1', 't_embedder.mlp.0'],
          ['transformer.time_caption_embed.timestep_embedder.linear_2', 't_embedder.mlp.2'],
          ['transformer.norm_out.linear_1', 'final_layer.adaLN_modulation.1'],
          ['transformer.norm_out.linear_2', 'final_layer.linear'],
        ],
      },
      "ComfyUI's": {
        ...peft,
        layers: own('diffusion_model.', [
          'layers.0.attention.qkv',
          'context_refiner.0.feed_forward.w3',
        ]),
      },
    },
  },
  'Z-Image': {
    checkpoint: () => fixtures.model('z_image'),
    input: () => ({
      x: rnd('z x 16x8', [1, 16, 16, 8]),
      item: { cond: tensor([1, 32, 64], rnd('z cap 32', [32, 64]).data) },
    }),
    namings: {
      diffusers: {
        ...peft,
        layers: [
          ...thirds('transformer.layers.0.attention', 'layers.0.attention.qkv', 256),
          ['transformer.layers.1.attention.to_out.0', 'layers.1.attention.out'],
          ['transformer.layers.1.feed_forward.w2', 'layers.1.feed_forward.w2'],
          ['transformer.noise_refiner.0.adaLN_modulation.0', 'noise_refiner.0.adaLN_modulation.0'],
          ['transformer.all_final_layer.2-1.adaLN_modulation.1', 'final_layer.adaLN_modulation.1'],
        ],
      },
      "ComfyUI's": {
        ...peft,
        layers: own('diffusion_model.', ['layers.0.attention.qkv', 'cap_embedder.1', 'x_embedder']),
      },
    },
  },
  'Qwen-Image': {
    checkpoint: () => openSafetensors(randomModel('more/keys/qwen_image_mini.json')),
    input: () => {
      const { shape, data } = golden('more/qwen_image_mini.safetensors')('x')
      const flat = shape.length === 5 ? [...shape.slice(0, 2), ...shape.slice(3)] : shape
      return { x: tensor(flat, data), item: { cond: rnd('qwen.ctx', [1, 13, 3584]) } }
    },
    namings: Object.fromEntries(
      ['transformer.', 'diffusion_model.', 'lora_unet_'].map(start => [
        start,
        {
          ...(start.endsWith('_') ? kohya : peft),
          layers: own(
            start,
            [
              'transformer_blocks.0.attn.to_q',
              'transformer_blocks.0.attn.add_v_proj',
              'transformer_blocks.0.img_mlp.net.0.proj',
              'transformer_blocks.0.txt_mod.1',
            ],
            start.endsWith('_') ? '_' : '.',
          ),
        },
      ]),
    ),
  },
}

function unprefixed(weights: Weights): Weights {
  const start = 'model.diffusion_model.'
  const tensors = [...weights.tensors].map(([name, own]) => [name.replace(start, ''), own] as const)
  return { ...weights, tensors: new Map(tensors) }
}

async function forward(model: DiffusionModel, { x, item }: ReturnType<Case['input']>) {
  return (await model.network()).forward({
    ...{ x, timesteps: Float32Array.of(0.7), context: item.cond },
    ...{
      y: model.admVector(item, { width: 0, height: 0 }),
      extras: model.extras?.(item, { width: 0, height: 0 }),
    },
  })
}

const table = Object.entries(cases).flatMap(([family, { namings }]) =>
  Object.keys(namings).map(naming => [family, naming] as const),
)

describe.skipIf(missing)(`LoRAs of transformers${reason}`, () => {
  test.each(table)('%s: %s', async (family, naming) => {
    const { checkpoint, input, namings } = cases[family]!
    const weights = checkpoint()
    const lora = makeLora(
      `${family} ${table.findIndex(t => t[1] === naming)}`,
      namings[naming]!,
      weights,
    )
    writeWeights(lora.file, lora.tensors)
    const base = transformerModel(weights, { pool, openWeights: openSafetensors })!
    const adapted = base.withAdapter({ file: lora.file, strength })
    expect(adapted.unusedLayers!(lora.file)).toEqual([])
    const other = referencePool()
    const changed = folded(`${family} ${naming.length}`, namings[naming]!, weights, lora.tensors)
    const wanted = transformerModel(changed, { pool: other, openWeights: openSafetensors })!
    const reference = await forward(wanted, input())
    expectClose(await forward(adapted, input()), reference, 5e-6)
    expect(difference(await forward(base, input()), reference)).toBeGreaterThan(1e-4)
    await other.free()
  })

  test('rows of a kind that changes the weight itself', async () => {
    const weights = cases.Flux!.checkpoint()
    const [layer, key] = ['transformer_blocks.0.attn.to_k', 'double_blocks.0.img_attn.qkv.weight']
    const diff = small(rnd('diff', [256, 256]))
    const lora = writeWeights(join(folder, 'diff.safetensors'), {
      [`transformer.${layer}.diff`]: diff,
    })
    const stored = weight(weights, key)
    const whole = tensor(stored.shape, readFloats(stored))
    for (let i = 0; i < diff.data.length; i++)
      whole.data[256 * 256 + i]! += strength * diff.data[i]!
    const folded = writeWeights(join(folder, 'diff-folded.safetensors'), { [key]: whole })
    const other = referencePool()
    const changed = { ...weights, tensors: new Map([...weights.tensors, ...folded.tensors]) }
    const wanted = transformerModel(changed, { pool: other, openWeights: openSafetensors })!
    const base = transformerModel(weights, { pool, openWeights: openSafetensors })!
    const reference = await forward(wanted, cases.Flux!.input())
    const adapted = base.withAdapter({ file: lora.file, strength })
    const apart = difference(await forward(adapted, cases.Flux!.input()), reference)
    expect(apart).toBeLessThan(5e-6)
    expect(difference(await forward(base, cases.Flux!.input()), reference)).toBeGreaterThan(1e-4)
    await other.free()
  })

  // [in the file, in the checkpoint]; diffusers has the scale before the shift.
  test.each([
    ['Flux', 'norm_out.linear', 'final_layer.adaLN_modulation.1'],
    ['Stable Diffusion 3', 'norm_out.linear', 'final_layer.adaLN_modulation.1'],
    [
      'Stable Diffusion 3',
      'transformer_blocks.0.norm1_context.linear',
      'joint_blocks.0.context_block.adaLN_modulation.1',
    ],
  ])('%s: %s has its halves the other way round', async (family, name, layer) => {
    const { checkpoint, input } = cases[family]!
    const weights = checkpoint()
    const [outputs, inputs] = weight(weights, `${layer}.weight`).shape as [number, number]
    expect(outputs).toBe(2 * inputs)
    const down = rnd(`${layer} down`, [rank, inputs])
    const up = small(rnd(`${layer} up`, [outputs, rank]))
    const half = up.data.length / 2
    const turned = tensor(
      up.shape,
      Float32Array.of(...up.data.subarray(half), ...up.data.subarray(0, half)),
    )
    const base = transformerModel(weights, { pool, openWeights: openSafetensors })!
    const adapted = async (key: string, own: Tensor) => {
      const file = join(folder, `${family} ${key.length} halves.safetensors`)
      writeWeights(file, { [`${key}.lora_A.weight`]: down, [`${key}.lora_B.weight`]: own })
      return forward(base.withAdapter({ file, strength }), input())
    }
    const wanted = await adapted(`diffusion_model.${layer}`, up)
    expectClose(await adapted(`transformer.${name}`, turned), wanted, 5e-6)
    expect(difference(await forward(base, input()), wanted)).toBeGreaterThan(1e-4)
  })

  test('layers that have no place or are incomplete are told', () => {
    const weights = cases.Flux!.checkpoint()
    const lora = makeLora('other', { ...peft, layers: flux('transformer.') }, weights)
    lora.tensors['transformer.extra.lora_A.weight'] = tensor([rank, 4])
    const half = 'transformer.transformer_blocks.0.attn.to_q'
    delete lora.tensors[`${half}.lora_B.weight`]
    writeWeights(lora.file, lora.tensors)
    const model = transformerModel(weights, { pool, openWeights: openSafetensors })!
    expect(model.unusedLayers!(lora.file)).toEqual([half, 'transformer.extra'])
  })
})

describe.skipIf(missing)(`LoRAs of T5${reason}`, () => {
  test.each(['text_encoder_2.', 'lora_te3_'])('%s', async start => {
    const weights = openSafetensors(randomModel('more/keys/t5_mini.json'))
    const joined = start.endsWith('_')
    const layers = ['SelfAttention.q', 'SelfAttention.o'].map(
      name => `encoder.block.0.layer.0.${name}`,
    )
    const naming = {
      ...(joined ? kohya : peft),
      layers: own(
        start,
        [...layers, 'encoder.block.1.layer.1.DenseReluDense.wi_1'],
        joined ? '_' : '.',
      ),
    }
    const lora = makeLora(`t5 ${joined}`, naming, weights)
    writeWeights(lora.file, lora.tensors)
    const tokens = t5Tokenizer(`${repository}/resources/tokenizers/t5/pieces.tsv.gz`)
    const parts = { openWeights: openSafetensors, tokenizer: () => tokens, minLength: 8 }
    const encoder = new T5Encoder({ ...parts, weights, pool })
    const adapted = encoder.withAdapter({ file: lora.file, strength })
    expect(adapted.unusedLayers(lora.file)).toEqual([])
    const other = referencePool()
    const changed = folded(`t5 ${joined}`, naming, weights, lora.tensors)
    const wanted = await new T5Encoder({ ...parts, weights: changed, pool: other }).encode('a fox')
    expectClose(await adapted.encode('a fox'), wanted, 5e-6)
    expect(difference(await encoder.encode('a fox'), wanted)).toBeGreaterThan(1e-3)
    await other.free()
  })
})
