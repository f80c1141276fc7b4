// transformers' names of a text encoder as OpenCLIP's: the way back from `tensor-names.ts`.
import { openClipParts } from './tensor-names.ts'

interface OpenClipPlace {
  name: string
  /** Which third of a tensor it is there; 0 of those that are one here as well. */
  place: number
  /** Whether rows and columns change places. */
  turned?: boolean
}

const ours = Object.fromEntries(Object.entries(openClipParts).map(([theirs, own]) => [own, theirs]))
const outside: Record<string, string | undefined> = {
  'text_model.embeddings.token_embedding.weight': 'token_embedding.weight',
  'text_model.embeddings.position_embedding.weight': 'positional_embedding',
  'text_model.final_layer_norm.weight': 'ln_final.weight',
  'text_model.final_layer_norm.bias': 'ln_final.bias',
  text_projection: 'text_projection',
  logit_scale: 'logit_scale',
}

/** Undefined for what OpenCLIP's files do not hold. */
export function openClipSource(name: string): OpenClipPlace | undefined {
  const same = outside[name]
  if (same !== undefined) return { name: same, place: 0 }
  if (name === 'text_projection.weight') return { name: 'text_projection', place: 0, turned: true }
  const [, layer, part = '', end] =
    /^text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? []
  const at = `transformer.resblocks.${layer}`
  const third = /^self_attn\.([qkv])_proj$/.exec(part)?.[1]
  if (third) return { name: `${at}.attn.in_proj_${end}`, place: 'qkv'.indexOf(third) }
  return ours[part] ? { name: `${at}.${ours[part]}.${end}`, place: 0 } : undefined
}
