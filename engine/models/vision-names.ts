// OpenCLIP's and OpenAI's vision models under transformers' names: what an unCLIP checkpoint sees
// with. https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/transformer.py
import type { Weight, Weights } from '../inference/weights.ts'
import { openClipParts, third } from './tensor-names.ts'

const outside: Record<string, string> = {
  class_embedding: 'vision_model.embeddings.class_embedding',
  positional_embedding: 'vision_model.embeddings.position_embedding.weight',
  'conv1.weight': 'vision_model.embeddings.patch_embedding.weight',
  'ln_pre.weight': 'vision_model.pre_layrnorm.weight',
  'ln_pre.bias': 'vision_model.pre_layrnorm.bias',
  'ln_post.weight': 'vision_model.post_layernorm.weight',
  'ln_post.bias': 'vision_model.post_layernorm.bias',
  // Stored the other way round, and so without the ending of a layer.
  proj: 'visual_projection',
}

/** Of an unCLIP checkpoint. */
export const unclipVision = (weights: Weights): Weights =>
  visionNames(weights, 'embedder.model.visual.')

/** The tensors under `prefix`. */
function visionNames(weights: Weights, prefix: string): Weights {
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors) {
    if (!name.startsWith(prefix)) continue
    const rest = name.slice(prefix.length)
    const [, layer, part = '', end] =
      /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(rest) ?? []
    const at = `vision_model.encoder.layers.${layer}`
    if (layer === undefined) tensors.set(outside[rest] ?? rest, tensor)
    else if (part === 'attn.in_proj')
      for (const [i, letter] of ['q', 'k', 'v'].entries())
        tensors.set(`${at}.self_attn.${letter}_proj.${end}`, third(tensor, i))
    else tensors.set(`${at}.${openClipParts[part] ?? part}.${end}`, tensor)
  }
  return { ...weights, tensors }
}
