// Which of the Stable Diffusion UNets a file holds, and how its answer is read. Files say little of
// themselves: most of it follows from widths.
import { readFloats, type Weights } from '../inference/weights.ts'
import { discreteSampling, zeroTerminal } from '../sampling/model-sampling.ts'
import type { LatentFormat, ModelSampling } from './kinds.ts'
import { sd1Latent, sdxlLatent, starterLatent, upscalerLatent } from './latent-formats.ts'
import { upscalerBetas } from './small-picture.ts'

export type UnetFamily = 'sd1' | 'sd2' | 'sdxl' | 'refiner' | 'starter'

/** What the network sees beside the latent. */
export type JoinedInput = 'none' | 'inpaint' | 'edit' | 'small picture'

export interface UnetFacts {
  family: UnetFamily
  joins: JoinedInput
  /** SD 2.1 that sees a picture as a vector. */
  unclip?: boolean
}

const prefix = 'model.diffusion_model.'
const latentChannels = 4
const joinedChannels: Record<number, JoinedInput> = {
  4: 'none',
  7: 'small picture',
  8: 'edit',
  9: 'inpaint',
}

/** Keys that mark networks of the same layout with other noise schedules. */
const unknownSchedules = ['edm_mean', 'edm_vpred.sigma_max']

/** Width of the text → family. */
const families: Record<number, UnetFamily> = {
  768: 'sd1',
  1024: 'sd2',
  1280: 'refiner',
  2048: 'sdxl',
}
/** Width of y by family; others belong to video models. */
const admWidths: Record<UnetFamily, number | undefined> = {
  sd1: 0,
  sd2: 0,
  refiner: 2560,
  sdxl: 2816,
  starter: undefined,
}

/** What the UNet of a file with familiar names is, or in words why it cannot run. */
export function unetFacts(weights: Weights): UnetFacts | string {
  const { tensors, metadata } = weights
  const channels = tensors.get(`${prefix}input_blocks.0.0.weight`)?.shape[1]
  const contextKey = [...tensors.keys()].find(
    key => key.startsWith(prefix) && key.endsWith('attn2.to_k.weight'),
  )
  const context = contextKey && tensors.get(contextKey)!.shape[1]
  const adm = tensors.get(`${prefix}label_emb.0.0.weight`)?.shape[1] ?? 0
  const own = metadata['comfyrunner.head_dim'] !== undefined
  const family = own ? 'starter' : families[context || 0]
  const joins = joinedChannels[channels ?? latentChannels]
  if (!family) return `a UNet with text of width ${context ?? 'unknown'}`
  const isUpscaler = family === 'sd2' && tensors.has(`${prefix}label_emb.weight`)
  if (!joins || isUpscaler !== (joins === 'small picture')) return `a model of ${channels} channels`
  // Twice as wide as the vectors of ViT-L and ViT-H.
  const unclip = family === 'sd2' && tensors.has('noise_augmentor.data_mean')
  if (!own && !unclip && adm !== admWidths[family])
    return `a relative of ${familyNames[family]} with another input (${adm} wide)`
  if (unknownSchedules.some(key => tensors.has(key)))
    return `a relative of ${familyNames[family]} with an EDM noise schedule`
  return { family, joins, ...(unclip && { unclip }) }
}

const familyNames: Record<UnetFamily, string> = {
  sd1: 'Stable Diffusion 1.x',
  sd2: 'Stable Diffusion 2.x',
  refiner: 'the SDXL refiner',
  sdxl: 'SDXL',
  starter: 'the starter model',
}

const labels: Record<UnetFamily, string> = {
  sd1: 'SD 1.5',
  sd2: 'SD 2',
  refiner: 'SDXL refiner',
  sdxl: 'SDXL',
  starter: 'starter',
}
const joinedLabels: Record<JoinedInput, string> = {
  none: '',
  inpaint: ' inpainting',
  edit: ' instruct-pix2pix',
  'small picture': ' upscaler',
}

/** `SDXL (v)`, `SD 1.5 inpainting` … for lists of files. */
export function unetLabel(weights: Weights, facts: UnetFacts): string {
  const { prediction } = unetSampling(weights, facts)
  const v = prediction === 'v' && facts.family !== 'starter' ? ' (v)' : ''
  const unclip = facts.unclip ? ' unCLIP' : ''
  return `${labels[facts.family]}${unclip}${v}${joinedLabels[facts.joins]}`
}

/**
 * Files of SD2 do not say whether they predict v. Those that do have learnt larger biases in their
 * last attention block, which ComfyUI goes by: 0.09 parts the two.
 */
const spreadOfV = 0.09
const tellingKey = `${prefix}output_blocks.11.1.transformer_blocks.0.norm1.bias`

export function unetSampling(
  weights: Weights,
  { family, joins, unclip }: UnetFacts,
): ModelSampling {
  const said = weights.metadata['modelspec.prediction_type']
  const marked = weights.tensors.has('v_pred')
  const telling = family === 'sd2' && joins === 'none' && weights.tensors.get(tellingKey)
  if (joins === 'small picture') return discreteSampling('v', upscalerBetas)
  const v = unclip || marked || said === 'v' || (telling && spread(readFloats(telling)) > spreadOfV)
  const sampling = discreteSampling(v ? 'v' : 'epsilon')
  return marked && weights.tensors.has('ztsnr') ? zeroTerminal(sampling) : sampling
}

/** Standard deviation. */
function spread(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

export const unetLatent = ({ family, joins }: UnetFacts): LatentFormat =>
  family === 'starter'
    ? starterLatent
    : joins === 'small picture'
      ? upscalerLatent
      : family === 'sdxl' || family === 'refiner'
        ? sdxlLatent
        : sd1Latent
