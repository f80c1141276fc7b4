// The same network is saved under different names. What follows shows every file of the Stable
// Diffusion family under one set: CompVis' for the UNet, transformers' CLIPTextModel for text
// encoders. Only names change; the tensors stay where they lie.
import type { Weight, Weights } from '../inference/weights.ts'
import { compVisNames, isDiffusersUnet } from './diffusers-names.ts'

const unetPrefix = 'model.diffusion_model.'

/** A checkpoint, or a UNet or text encoder alone, under the names that the builders look for. */
export const familiarNames = (weights: Weights): Weights => openClipRenamed(prefixed(weights))

/** A UNet alone has no prefix, and may come from diffusers. */
function prefixed(weights: Weights): Weights {
  if (isDiffusersUnet(weights)) {
    const familiar = compVisNames(weights)
    return renamed(weights, (name, tensor) => [[`${unetPrefix}${familiar(name)}`, tensor]])
  }
  if (!weights.tensors.has('input_blocks.0.0.weight')) return weights
  return renamed(weights, (name, tensor) => [[`${unetPrefix}${name}`, tensor]])
}

/** Of OpenCLIP's layers. */
export const openClipParts: Readonly<Record<string, string>> = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
  'attn.out_proj': 'self_attn.out_proj',
}
const outside: Record<string, string> = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
}

/**
 * OpenCLIP's text encoders (SD2's, SDXL's second). The projection of queries, keys and values is
 * one tensor there: its thirds are rows that follow one another, so each becomes a tensor.
 * https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/transformer.py
 */
function openClipRenamed(weights: Weights): Weights {
  const position = [...weights.tensors.keys()].find(
    name => name.endsWith('positional_embedding') && !name.includes('visual'),
  )
  if (position === undefined) return weights
  const from = position.slice(0, -'positional_embedding'.length)
  const to = from.replace(/model\.$/, 'transformer.')
  return renamed(weights, (name, tensor) => {
    if (!name.startsWith(from)) return [[name, tensor]]
    const rest = name.slice(from.length)
    const [, layer, part, end] = /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(
      rest,
    ) ?? [undefined, '', '', '']
    if (!part) return [[`${to}${outside[rest] ?? rest}`, tensor]]
    const at = `${to}text_model.encoder.layers.${layer}`
    if (part !== 'attn.in_proj') return [[`${at}.${openClipParts[part] ?? part}.${end}`, tensor]]
    return ['q', 'k', 'v'].map((letter, i) => [
      `${at}.self_attn.${letter}_proj.${end}`,
      third(tensor, i),
    ])
  })
}

/** One of three stretches of rows. */
export function third(whole: Weight, index: number): Weight {
  const [rows, ...rest] = whole.shape as [number, ...number[]]
  const length = whole.length / 3
  return { ...whole, shape: [rows / 3, ...rest], offset: whole.offset + index * length, length }
}

/** The tensors under a prefix, without it. */
export function partOf(weights: Weights, prefix: string): Weights {
  const tensors = new Map(
    [...weights.tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  )
  return { ...weights, tensors }
}

function renamed(
  weights: Weights,
  rename: (name: string, tensor: Weight) => readonly (readonly [string, Weight])[],
): Weights {
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors)
    for (const [as, part] of rename(name, tensor)) tensors.set(as, part)
  return { ...weights, tensors }
}
