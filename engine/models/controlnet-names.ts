// ControlNets in diffusers' layout under the names of lllyasviel's. Only names change; the tensors
// stay where they lie. https://github.com/huggingface/diffusers/blob/main/src/diffusers/models/controlnets/controlnet.py
import type { Weight, Weights } from '../inference/weights.ts'

const sign = 'controlnet_cond_embedding.conv_in.weight'

const outside: Record<string, string> = {
  conv_in: 'input_blocks.0.0',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  'add_embedding.linear_1': 'label_emb.0.0',
  'add_embedding.linear_2': 'label_emb.0.2',
  'controlnet_cond_embedding.conv_in': 'input_hint_block.0',
  'controlnet_cond_embedding.conv_out': 'input_hint_block.14',
  controlnet_mid_block: 'middle_block_out.0',
}
const resnet: Record<string, string> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
}

export function familiarControlNames(weights: Weights): Weights {
  if (!weights.tensors.has(sign)) return weights
  let perLevel = 0
  while (weights.tensors.has(`down_blocks.0.resnets.${perLevel}.conv1.weight`)) perLevel++
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors) {
    const [, layer, end] = /^(.+)\.(weight|bias)$/.exec(name) ?? []
    // torch's attention has its three projections as one, named unlike other layers.
    const other = name.replace(/in_proj_(weight|bias)$/, 'in_proj.$1')
    tensors.set(layer ? `${familiar(layer, perLevel)}.${end}` : other, tensor)
  }
  return { ...weights, tensors }
}

function familiar(layer: string, perLevel: number): string {
  if (outside[layer]) return outside[layer]
  const [, part = '', rest = ''] =
    /^(controlnet_down_blocks|controlnet_cond_embedding\.blocks|down_blocks|mid_block)\.(.+)$/.exec(
      layer,
    ) ?? []
  if (part === 'controlnet_down_blocks') return `zero_convs.${rest}.0`
  if (part.endsWith('.blocks')) return `input_hint_block.${2 * (Number(rest) + 1)}`
  const [, level, kind, n, inner = ''] =
    /^(?:(\d+)\.)?(resnets|attentions|downsamplers)\.(\d+)\.(.+)$/.exec(rest) ?? []
  if (!kind) return layer
  const own = kind === 'resnets' ? (resnet[inner] ?? inner) : inner
  if (part === 'mid_block')
    return `middle_block.${kind === 'attentions' ? 1 : 2 * Number(n)}.${own}`
  const first = 1 + Number(level) * (perLevel + 1)
  if (kind === 'downsamplers') return `input_blocks.${first + perLevel}.0.op`
  return `input_blocks.${first + Number(n)}.${kind === 'resnets' ? 0 : 1}.${own}`
}
