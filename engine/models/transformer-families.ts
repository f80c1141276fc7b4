// Which diffusion transformer a file holds, and what it was trained on: latents and noise schedule.
import type { Weights } from '../inference/weights.ts'
import { flowSampling, fluxSampling } from '../sampling/flow-sampling.ts'
import { flux } from './flux.ts'
import type { DiffusionModel, LatentFormat, ModelSampling, TextEncoderModel, Vae } from './kinds.ts'
import { checkLayout, type Layout, unknownTensors } from './layout.ts'
import {
  fluxLayout,
  luminaLayout,
  mmditLayout,
  qwenImageLayout,
  zImageLayout,
} from './layouts-diffusion.ts'
import { lumina } from './lumina.ts'
import { mmdit } from './mmdit.ts'
import { qwenImage } from './qwen-image.ts'
import type { Shared } from './stable-diffusion.ts'
import { partOf } from './tensor-names.ts'
import { diffusionPrefix, type Transformer, withDiffusionPrefix } from './transformer.ts'
import { TransformerModel } from './transformer-model.ts'
import { checkpointText, type TransformerTextType } from './transformer-text.ts'
import { KlVae } from './vae.ts'

interface Family {
  name: string
  /** Tensors that only this family has. Any of them will do: what else is missing gets named then. */
  signs: readonly string[]
  layout: Layout
  network(weights: Weights): Transformer
  latent: LatentFormat
  sampling(weights: Weights): ModelSampling
  /** Whose text encoders a checkpoint may hold. */
  text?: TransformerTextType
}

// Scales and shifts as in the models' own VAE configurations.
const sixteen = { channels: 16, downscale: 8, rgb: [] }
export const sd3Latent: LatentFormat = { ...sixteen, scale: 1.5305, shift: 0.0609, taesd: 'taesd3' }
export const fluxLatent: LatentFormat = { ...sixteen, scale: 0.3611, shift: 0.1159, taesd: 'taef1' }

/** Wan 2.1's VAE, which Qwen-Image draws with. https://github.com/Wan-Video/Wan2.1 (Apache-2.0) */
export const wanLatent: LatentFormat = {
  ...sixteen,
  scale: 1,
  shift: 0,
  perChannel: {
    mean: [
      -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517,
      -0.3632, -0.1922, -0.9497, 0.2503, -0.2921,
    ],
    std: [
      2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652,
      1.5579, 1.6382, 1.1253, 2.8251, 1.916,
    ],
  },
}

const families: readonly Family[] = [
  {
    name: 'Stable Diffusion 3',
    signs: ['joint_blocks.0.x_block.attn.qkv.weight', 'joint_blocks.0.x_block.mlp.fc1.weight'],
    layout: mmditLayout,
    network: mmdit,
    latent: sd3Latent,
    sampling: () => flowSampling({ shift: 3, multiplier: 1000 }),
    text: 'sd3',
  },
  {
    name: 'Flux',
    signs: ['double_blocks.0.img_attn.norm.key_norm.scale', 'double_blocks.0.img_mod.lin.weight'],
    layout: fluxLayout,
    network: flux,
    latent: fluxLatent,
    // schnell, which is not told a guidance, was distilled without a shift.
    sampling: weights =>
      weights.tensors.has(`${diffusionPrefix}guidance_in.in_layer.weight`)
        ? fluxSampling(1.15)
        : flowSampling({ shift: 1, multiplier: 1 }),
    text: 'flux',
  },
  {
    name: 'Z-Image',
    signs: ['cap_pad_token', 'x_pad_token'],
    layout: zImageLayout,
    network: lumina,
    latent: fluxLatent,
    sampling: () => flowSampling({ shift: 3, multiplier: 1 }),
  },
  {
    name: 'Lumina 2',
    signs: ['cap_embedder.0.weight', 'cap_embedder.1.weight'],
    layout: luminaLayout,
    network: lumina,
    latent: fluxLatent,
    sampling: () => flowSampling({ shift: 6, multiplier: 1 }),
  },
  {
    name: 'Qwen-Image',
    signs: [
      'transformer_blocks.0.attn.norm_added_q.weight',
      'transformer_blocks.0.attn.add_q_proj.weight',
    ],
    layout: qwenImageLayout,
    network: qwenImage,
    latent: wanLatent,
    sampling: () => fluxSampling(1.15),
  },
]

type Parts = Pick<Shared, 'pool' | 'openWeights'>

const familyOf = (weights: Weights): Family | undefined =>
  families.find(({ signs }) => signs.some(sign => weights.tensors.has(diffusionPrefix + sign)))

/** `Flux`, `Z-Image` … of a file, undefined if it is of none of these families. */
export const transformerName = (file: Weights): string | undefined =>
  familyOf(withDiffusionPrefix(file))?.name

/** The model of a file, undefined if it is of none of these families. */
export function transformerModel(
  file: Weights,
  { pool, openWeights }: Parts,
): DiffusionModel | undefined {
  const weights = withDiffusionPrefix(file)
  const family = familyOf(weights)
  if (!family) return undefined
  const { latent, network } = family
  const notes = unknownTensors(weights, checkLayout(weights, diffusionPrefix, family.layout))
  const transformer = network(weights)
  const sampling = family.sampling(weights)
  const parts = { weights, pool, openWeights, transformer, network, latent, sampling, notes }
  return new TransformerModel(parts)
}

/** All that a checkpoint holds, undefined if it is of none of these families. */
export function transformerCheckpoint(
  weights: Weights,
  shared: Shared,
): { model: DiffusionModel; clip?: TextEncoderModel; vae?: Vae } | undefined {
  const family = familyOf(weights)
  const model = family && transformerModel(weights, shared)
  if (!model) return undefined
  const vae = ['first_stage_model.', 'vae.']
    .map(prefix => partOf(weights, prefix))
    .find(({ tensors }) => tensors.has('decoder.conv_in.weight'))
  return {
    model,
    clip: family.text && checkpointText(weights, family.text, shared),
    vae: vae && new KlVae(vae, shared.pool),
  }
}
