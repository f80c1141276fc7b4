// A UNet as diffusers saves it, under CompVis' names. diffusers counts blocks a level and layers
// within it, CompVis' code counts through; a level is its residual blocks and one resampling.
// https://github.com/huggingface/diffusers/blob/main/scripts/convert_diffusers_to_original_sdxl.py
import type { Weights } from '../inference/weights.ts'

/** Whether the file is such a UNet: ControlNets and VAEs lack one of the two. */
export const isDiffusersUnet = ({ tensors }: Weights): boolean =>
  tensors.has('down_blocks.0.resnets.0.conv1.weight') &&
  tensors.has('up_blocks.0.resnets.0.conv1.weight')

const outer: Record<string, string> = {
  conv_in: 'input_blocks.0.0',
  conv_norm_out: 'out.0',
  conv_out: 'out.2',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  'time_embedding.cond_proj': 'time_embed.cond_proj',
  'add_embedding.linear_1': 'label_emb.0.0',
  'add_embedding.linear_2': 'label_emb.0.2',
  class_embedding: 'label_emb',
}
const resnet: Record<string, string> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
}

/** Name of a tensor → its name in a checkpoint, without `model.diffusion_model.`. */
export function compVisNames({ tensors }: Weights): (name: string) => string {
  const has = (name: string) => tensors.has(name)
  let perLevel = 0
  while (has(`down_blocks.0.resnets.${perLevel}.conv1.weight`)) perLevel++
  const level = perLevel + 1
  return name => {
    const dot = name.lastIndexOf('.')
    const [path, end] = [name.slice(0, dot), name.slice(dot)]
    if (outer[path]) return outer[path] + end
    const [, side, block, kind, index, rest] =
      /^(down|up|mid)_block(?:s\.(\d+))?\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/.exec(
        path,
      ) ?? []
    if (!side) return name
    const [nth, at] = [Number(index), Number(block) * level]
    const inner = (kind === 'resnets' && resnet[rest!]) || rest!
    if (side === 'mid') return `middle_block.${kind === 'attentions' ? 1 : nth * 2}.${inner}${end}`
    if (kind === 'downsamplers') return `input_blocks.${at + level}.0.op${end}`
    if (kind === 'upsamplers') {
      const last = has(`up_blocks.${block}.attentions.${perLevel}.norm.weight`) ? 2 : 1
      return `output_blocks.${at + perLevel}.${last}.conv${end}`
    }
    const place = side === 'down' ? `input_blocks.${at + nth + 1}` : `output_blocks.${at + nth}`
    return `${place}.${kind === 'attentions' ? 1 : 0}.${inner}${end}`
  }
}
