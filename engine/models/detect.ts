// Which family a file belongs to, by keys and shapes. What cannot run is refused by its name, with
// the folder or the node that it belongs to.
import { basename } from 'node:path'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { clipPrefix } from './clip.ts'

export interface CheckpointFacts {
  family: 'sd1' | 'starter'
  prediction: 'epsilon' | 'v'
  hasText: boolean
  hasVae: boolean
}

/** Signs of files that are no SD 1.x checkpoint: the first that fits names the file. */
const others: readonly [sign: RegExp, what: string, mend: string][] = [
  [/lora_(down|up|A|B)\.weight$|_lora\.(down|up)\.weight$/, 'a LoRA', 'Move it to loras/.'],
  [/^control_model\.|^controlnet_|\.zero_convs?\./, 'a ControlNet', 'Move it to controlnet/.'],
  [/^body\.0\.rdb1\.|^model\.1\.sub\.|^conv_first\./, 'an upscaler', 'Move it to upscale_models/.'],
  [/^emb_params$|^string_to_param/, 'an embedding', 'Move it to embeddings/.'],
  [/double_blocks\.0\./, 'a Flux model', ''],
  [/joint_blocks\.0\./, 'a Stable Diffusion 3 model', ''],
  [/cap_embedder\.|noise_refiner\./, 'a Lumina or Z-Image model', ''],
  [/transformer_blocks\.0\.attn\.add_q_proj/, 'a Qwen-Image model', ''],
  [/(^|\.)blocks\.0\.cross_attn\./, 'a Wan video model', ''],
  [/^conditioner\.embedders\./, 'an SDXL model', ''],
  [/^down_blocks\.0\./, 'a UNet in diffusers layout', 'Use a checkpoint in one file.'],
  [/^(decoder|encoder)\.conv_in\./, 'a VAE', 'Move it to vae/ and load it with VAELoader.'],
  [/^text_model\.|^(encoder|shared)\./, 'a text encoder', 'Move it to text_encoders/.'],
]

const unet = 'model.diffusion_model.'

/** @throws ModelError that says what the file looks like and what to do with it. */
export function detectCheckpoint(weights: Weights): CheckpointFacts {
  const first = weights.tensors.get(`${unet}input_blocks.0.0.weight`)
  if (!first) throw refused(weights, otherFamily(weights))
  const keys = [...weights.tensors.keys()]
  const contextKey = keys.find(key => key.startsWith(unet) && key.endsWith('attn2.to_k.weight'))
  const context = contextKey ? weights.tensors.get(contextKey)!.shape[1] : undefined
  const own = weights.metadata['comfyrunner.head_dim'] !== undefined
  if (!own && context !== 768) throw refused(weights, unetOfOtherFamily(context))
  if (first.shape[1] !== 4)
    throw refused(weights, [
      first.shape[1] === 9
        ? 'an inpainting model (9 channels)'
        : `a model of ${first.shape[1]} channels`,
      'Use a plain checkpoint with a latent noise mask.',
    ])
  return {
    family: own ? 'starter' : 'sd1',
    prediction: weights.metadata['modelspec.prediction_type'] === 'v' ? 'v' : 'epsilon',
    hasText: clipPrefix(weights) !== undefined,
    hasVae: weights.tensors.has('first_stage_model.decoder.conv_in.weight'),
  }
}

/** @throws ModelError unless the file is, or holds, a KL autoencoder in the SD layout. */
export function checkVae(weights: Weights): void {
  const has = (key: string) => weights.tensors.has(key)
  if (has('first_stage_model.decoder.conv_in.weight') || has('decoder.up.0.block.0.norm1.weight'))
    return
  const what: readonly [string, string] = has('decoder.mid_block.resnets.0.norm1.weight')
    ? ['a VAE in diffusers layout', 'Use a VAE file made for ComfyUI or A1111.']
    : otherFamily(weights)
  throw refused(weights, what, 'VAE')
}

function otherFamily(weights: Weights): readonly [string, string] {
  const keys = [...weights.tensors.keys()]
  const found = others.find(([sign]) => keys.some(key => sign.test(key)))
  return found ? [found[1], found[2]] : [`a file of an unknown kind ("${keys[0]}" …)`, '']
}

function unetOfOtherFamily(context: number | undefined): readonly [string, string] {
  if (context === 1024) return ['a Stable Diffusion 2 model', '']
  if (context === 1280) return ['the SDXL refiner', '']
  if (context === 2048) return ['an SDXL model', '']
  return [`a UNet with text of width ${context ?? 'unknown'}`, '']
}

const refused = (
  weights: Weights,
  [what, mend]: readonly [string, string],
  wanted = 'Stable Diffusion 1.x checkpoint',
) =>
  new ModelError(
    `${basename(weights.file)} is no ${wanted}: it looks like ${what}. ` +
      (mend ||
        'This version runs Stable Diffusion 1.x; use such a checkpoint, or run this workflow on your ComfyUI.'),
  )
