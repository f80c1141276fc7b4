// A Stable Diffusion model as diffusers saves it: a folder with one for each part, and files that say
// how the parts are used. https://huggingface.co/docs/diffusers/using-diffusers/other-formats
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { Weights } from '../inference/weights.ts'
import type { Checkpoint } from '../nodes/models.ts'
import { zeroTerminal } from '../sampling/model-sampling.ts'
import { checkVae } from './detect.ts'
import { familiarVae } from './diffusers-vae-names.ts'
import { openClip, openUnet, type Shared } from './stable-diffusion.ts'
import { KlVae } from './vae.ts'

/** Files of a part, the first that is there counts. */
const networkFiles = filesOf('diffusion_pytorch_model')
const textFiles = [...filesOf('model'), ...filesOf('pytorch_model')]

function filesOf(stem: string): string[] {
  return ['.fp16.safetensors', '.safetensors', '.fp16.bin', '.bin'].map(end => stem + end)
}

const parts: Record<'unet' | 'vae' | 'text_encoder' | 'text_encoder_2', readonly string[]> = {
  unet: networkFiles,
  vae: networkFiles,
  text_encoder: textFiles,
  text_encoder_2: textFiles,
}
type Part = keyof typeof parts

/** Path of a part's weights, undefined if the folder has none. */
const fileOf = (folder: string, part: Part): string | undefined =>
  parts[part].map(name => join(folder, part, name)).find(existsSync)

/** All files that a model is read from. */
export const diffusersFiles = (folder: string): string[] =>
  [
    ...(Object.keys(parts) as Part[]).map(part => fileOf(folder, part)),
    ...[join(folder, 'scheduler', 'scheduler_config.json')].filter(existsSync),
  ].filter(file => file !== undefined)

/**
 * @param folder path of the folder with `model_index.json`
 * @throws ModelError that names the part that is missing or does not fit
 */
export function openDiffusersFolder(folder: string, shared: Shared): Checkpoint {
  const open = (part: Part): Weights | undefined => {
    const file = fileOf(folder, part)
    return file === undefined ? undefined : shared.openWeights(file)
  }
  const unet = open('unet')
  if (!unet) throw missingPart(folder)
  const { predictsV, zeroSnr } = scheduleOf(folder)
  const said: Weights['metadata'] = predictsV ? { 'modelspec.prediction_type': 'v' } : {}
  const model = openUnet({ ...unet, metadata: { ...unet.metadata, ...said } }, shared)
  const texts = [open('text_encoder'), open('text_encoder_2')].filter(file => file !== undefined)
  const vae = open('vae')
  return {
    model: zeroSnr ? model.withSampling(zeroTerminal(model.sampling)) : model,
    clip: texts.length > 0 ? openClip(texts, shared) : undefined,
    vae: vae && openVae(vae, shared),
  }
}

function openVae(file: Weights, { pool }: Shared): KlVae {
  const weights = familiarVae(file)
  checkVae(weights)
  return new KlVae(weights, pool)
}

function missingPart(folder: string): ModelError {
  const other = ['transformer', 'prior'].find(part => existsSync(join(folder, part)))
  return new ModelError(
    other
      ? `${basename(folder)} is no Stable Diffusion 1, 2 or XL: it has ${other}/ in the place of unet/. ` +
          'Use the checkpoint in one file, or its parts with Load Diffusion Model, Load CLIP and Load VAE.'
      : `${basename(folder)} holds no network: unet/${networkFiles[1]} is missing. Download the whole ` +
          'folder; a file in several pieces (…-00001-of-00002) cannot be read.',
  )
}

/** Larger ones are something else. */
const configBytesMax = 1e6

/** What the folder says of its noise schedule; without a word the file's own signs count. */
function scheduleOf(folder: string): { predictsV: boolean; zeroSnr: boolean } {
  const file = join(folder, 'scheduler', 'scheduler_config.json')
  if (!existsSync(file) || statSync(file).size > configBytesMax)
    return { predictsV: false, zeroSnr: false }
  try {
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    return {
      predictsV: config.prediction_type === 'v_prediction',
      zeroSnr: config.rescale_betas_zero_snr === true,
    }
  } catch {
    throw new ModelError(
      `scheduler/scheduler_config.json of ${basename(folder)} is damaged. Download it again.`,
    )
  }
}
