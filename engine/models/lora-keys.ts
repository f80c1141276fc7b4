// LoRA files name the layers they change in half a dozen ways. This makes every name a layer may go
// by: the checkpoint's own, diffusers', and kohya's, where dots became underscores.
import type { Weights } from '../inference/weights.ts'
import { clipPrefixes } from './clip.ts'
import { type LayerTarget, transformerAliases } from './lora-transformer-names.ts'
import { t5Prefix } from './t5.ts'

const unet = 'model.diffusion_model.'

/** Alias → layer of the checkpoint, or some rows of it. */
export function layerAliases(weights: Weights): Map<string, LayerTarget> {
  const aliases = new Map<string, LayerTarget>()
  const diffusers = diffusersNames(weights)
  const towers = textTowers(weights)
  for (const [name, tensor] of weights.tensors) {
    if (!name.endsWith('.weight')) continue
    const layer = name.slice(0, -'.weight'.length)
    for (const alias of aliasesOf(layer, towers, diffusers)) aliases.set(alias, { layer })
    if (!layer.startsWith(unet)) continue
    for (const { name, ...part } of transformerAliases(layer.slice(unet.length), tensor))
      for (const alias of networkNames(name)) aliases.set(alias, { layer, ...part })
  }
  return aliases
}

/** Where the text encoders lie and what adapters call them: SDXL's second has names of its own. */
interface TextTower {
  prefix: string
  /** What names have in place of the prefix. */
  path: string
  dotted: readonly string[]
  kohya: readonly string[]
}

const inComfy = (name: string) => `text_encoders.${name}.transformer`
const clipL = {
  dotted: ['text_encoder', inComfy('clip_l')],
  kohya: ['lora_te', 'lora_te1'],
}
const clipG = { dotted: ['text_encoder_2', inComfy('clip_g')], kohya: ['lora_te2'] }
/** The second encoder of Flux, the third of SD3. */
const t5 = {
  dotted: ['text_encoder_2', 'text_encoder_3', inComfy('t5xxl')],
  kohya: ['lora_te2', 'lora_te3'],
}

const widthOfSecond = 1280

function textTowers(weights: Weights): TextTower[] {
  const prefix = t5Prefix(weights)
  if (prefix !== undefined) return [{ prefix, path: '', ...t5 }]
  return clipPrefixes(weights).map(prefix => {
    const positions = weights.tensors.get(`${prefix}embeddings.position_embedding.weight`)
    return positions?.shape[1] === widthOfSecond
      ? { prefix, path: 'text_model.', ...clipG }
      : { prefix, path: 'text_model.', ...clipL }
  })
}

function aliasesOf(
  key: string,
  towers: readonly TextTower[],
  diffusers: (path: string) => string | undefined,
): string[] {
  const tower = towers.find(({ prefix }) => key.startsWith(prefix))
  if (tower) {
    const path = tower.path + key.slice(tower.prefix.length)
    return [
      ...tower.dotted.map(start => `${start}.${path}`),
      ...tower.kohya.map(start => kohya(start, path)),
    ]
  }
  if (!key.startsWith(unet)) return []
  const path = key.slice(unet.length)
  const names = networkNames(path)
  const other = diffusers(path)
  return other ? [...names, `unet.${other}`, kohya('lora_unet', other)] : names
}

const kohya = (start: string, path: string) => `${start}_${path.replaceAll('.', '_')}`

/** What trainers put before a network's own names: ComfyUI, diffusers, PEFT, kohya, OneTrainer. */
function networkNames(path: string): string[] {
  const dotted = ['', 'diffusion_model.', 'unet.', 'transformer.', 'base_model.model.']
  const joined = ['lora_unet', 'lora_transformer', 'lycoris']
  return [...dotted.map(start => start + path), ...joined.map(start => kohya(start, path))]
}

const resnetNames: Record<string, string> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
}
const outerNames: Record<string, string> = {
  'input_blocks.0.0': 'conv_in',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'label_emb.0.0': 'add_embedding.linear_1',
  'label_emb.0.2': 'add_embedding.linear_2',
}

/** diffusers counts blocks a level and layers within it; LDM counts through. */
function diffusersNames(weights: Weights): (path: string) => string | undefined {
  // Every level but the last ends in a downsampler, so the first one tells a level's length.
  let perLevel = 1
  const has = (block: number, end: string) =>
    weights.tensors.has(`${unet}input_blocks.${block}.0.${end}.weight`)
  while (has(perLevel, 'in_layers.0')) perLevel++
  const downsampled = has(perLevel, 'op')
  // A single level has no end to count to; it has one block more on the way up.
  const length = downsampled ? perLevel : Number.POSITIVE_INFINITY
  return path => {
    if (outerNames[path]) return outerNames[path]
    const [, side, block, layer, rest] =
      /^(input_blocks|output_blocks|middle_block)\.(?:(\d+)\.)?(\d+)\.(.+)$/.exec(path) ?? []
    if (!side) return undefined
    const place = (start: string, n: number) =>
      rest!.startsWith('transformer_blocks') || /^(norm|proj_in|proj_out)$/.test(rest!)
        ? `${start}.attentions.${n}.${rest}`
        : `${start}.resnets.${n}.${resnetNames[rest!] ?? rest}`
    if (side === 'middle_block') return place('mid_block', layer === '2' ? 1 : 0)
    const index = Number(block) - (side === 'input_blocks' ? 1 : 0)
    const level = Math.floor(index / length)
    const within = level === 0 ? index : index - level * length
    if (rest === 'op') return `down_blocks.${level}.downsamplers.0.conv`
    if (rest === 'conv') return `up_blocks.${level}.upsamplers.0.conv`
    return place(side === 'input_blocks' ? `down_blocks.${level}` : `up_blocks.${level}`, within)
  }
}
