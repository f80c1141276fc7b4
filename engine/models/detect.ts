// Which family a file belongs to, by keys and shapes. What cannot run is refused by its name, with
// the folder or the node that it belongs to.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { clipPrefix } from './clip.ts'
import { type UnetFacts, unetFacts } from './unet-family.ts'

export interface CheckpointFacts {
  unet: UnetFacts
  hasText: boolean
  hasVae: boolean
}

/** Signs of files that are no Stable Diffusion checkpoint: the first that fits names the file. */
const others: readonly [sign: RegExp, what: string, mend: string][] = [
  [/lora_(down|up|A|B)\.weight$|_lora\.(down|up)\.weight$/, 'a LoRA', 'Move it to loras/.'],
  [/^lora_controlnet$/, 'a Control-LoRA', 'Move it to controlnet/.'],
  [/^controlnet_blocks\.0\.y_rms\./, 'a model patch', 'Move it to model_patches/.'],
  [/^control_model\.|^controlnet_|\.zero_convs?\./, 'a ControlNet', 'Move it to controlnet/.'],
  [/^body\.0\.rdb1\.|^model\.1\.sub\.|^conv_first\./, 'an upscaler', 'Move it to upscale_models/.'],
  [/^emb_params$|^string_to_param/, 'an embedding', 'Move it to embeddings/.'],
  [/double_blocks\.0\./, 'a Flux model', ''],
  [/joint_blocks\.0\./, 'a Stable Diffusion 3 model', ''],
  [/cap_embedder\.|noise_refiner\./, 'a Lumina or Z-Image model', ''],
  [/transformer_blocks\.0\.attn\.add_q_proj/, 'a Qwen-Image model', ''],
  [/(^|\.)blocks\.0\.cross_attn\./, 'a Wan video model', ''],
  [/^conditioner\.embedders\./, 'the text encoders of an SDXL model', ''],
  [/^down_blocks\.0\./, 'a UNet in diffusers layout', 'Use a checkpoint in one file.'],
  [/^(decoder|encoder)\.conv_in\./, 'a VAE', 'Move it to vae/ and load it with VAELoader.'],
  [/^text_model\.|^(encoder|shared)\./, 'a text encoder', 'Move it to text_encoders/.'],
]

const unet = 'model.diffusion_model.'

/**
 * For weights with familiar names.
 * @throws ModelError that says what the file looks like and what to do with it.
 */
export function detectCheckpoint(weights: Weights): CheckpointFacts {
  return {
    unet: detectUnet(weights),
    hasText: clipPrefix(weights) !== undefined,
    hasVae: ['conv_in', 'conv_out'].some(name =>
      weights.tensors.has(`first_stage_model.decoder.${name}.weight`),
    ),
  }
}

/** @throws ModelError unless the file holds a UNet that can run. */
export function detectUnet(weights: Weights): UnetFacts {
  // Without its first layer, but with others, it is damaged rather than of another kind.
  if (weights.tensors.has(`${unet}time_embed.0.weight`))
    weight(weights, `${unet}input_blocks.0.0.weight`)
  if (!weights.tensors.has(`${unet}input_blocks.0.0.weight`))
    throw refused(weights, otherFamily(weights))
  const facts = unetFacts(weights)
  if (typeof facts === 'string') throw refused(weights, [facts, ''])
  return facts
}

/** With familiar names. @throws ModelError unless the file is, or holds, a KL autoencoder in the SD layout. */
export function checkVae(weights: Weights): void {
  const has = (key: string) => weights.tensors.has(key)
  if (
    has('first_stage_model.decoder.conv_in.weight') ||
    has('decoder.up.0.block.0.norm1.weight') ||
    has('decoder.up.0.block.0.conv1.weight')
  )
    return
  throw refused(weights, otherFamily(weights), 'VAE')
}

function otherFamily(weights: Weights): readonly [string, string] {
  const keys = [...weights.tensors.keys()]
  const found = others.find(([sign]) => keys.some(key => sign.test(key)))
  return found ? [found[1], found[2]] : [`a file of an unknown kind ("${keys[0]}" …)`, '']
}

const refused = (
  weights: Weights,
  [what, mend]: readonly [string, string],
  wanted = 'Stable Diffusion checkpoint',
) =>
  new ModelError(
    `${basename(weights.file)} is no ${wanted}: it looks like ${what}. ` +
      (mend ||
        'Use a checkpoint of Stable Diffusion 1, 2 or XL, or run this workflow on your ComfyUI.'),
  )
