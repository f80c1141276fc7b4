// A KL autoencoder as diffusers saves it, under CompVis' names. Levels of the decoder are counted from
// the other end, and attention is linear layers instead of kernels of one pixel.
// https://github.com/huggingface/diffusers/blob/main/scripts/convert_diffusers_to_original_stable_diffusion.py
import type { Weight, Weights } from '../inference/weights.ts'

/** Whether the file is such an autoencoder. */
const isDiffusersVae = ({ tensors }: Weights): boolean =>
  tensors.has('decoder.conv_in.weight') && tensors.has('decoder.mid_block.resnets.0.norm1.weight')

/** A VAE alone, from diffusers or not, under the names that the builders look for. */
export function familiarVae(weights: Weights): Weights {
  if (!isDiffusersVae(weights)) return weights
  let levels = 0
  while (weights.tensors.has(`decoder.up_blocks.${levels}.resnets.0.conv1.weight`)) levels++
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors) {
    const familiar = familiarName(name, levels)
    const kernel = /\.attn_1\.(q|k|v|proj_out)\.weight$/.test(familiar) && tensor.shape.length === 2
    tensors.set(familiar, kernel ? { ...tensor, shape: [...tensor.shape, 1, 1] } : tensor)
  }
  return { ...weights, tensors }
}

const attention: Record<string, string> = {
  group_norm: 'norm',
  to_q: 'q',
  to_k: 'k',
  to_v: 'v',
  'to_out.0': 'proj_out',
  // As older versions saved it.
  query: 'q',
  key: 'k',
  value: 'v',
  proj_attn: 'proj_out',
}

function familiarName(name: string, levels: number): string {
  return name
    .replace(/^(encoder|decoder)\.conv_norm_out\./, '$1.norm_out.')
    .replace(/\.mid_block\.resnets\.(\d)\./, (_, n) => `.mid.block_${Number(n) + 1}.`)
    .replace(
      /\.mid_block\.attentions\.0\.(.+)\.(weight|bias)$/,
      (_, part, end) => `.mid.attn_1.${attention[part] ?? part}.${end}`,
    )
    .replace(/\.down_blocks\.(\d+)\.resnets\./, '.down.$1.block.')
    .replace(/\.down_blocks\.(\d+)\.downsamplers\.0\./, '.down.$1.downsample.')
    .replace(/\.up_blocks\.(\d+)\.resnets\./, (_, n) => `.up.${levels - 1 - Number(n)}.block.`)
    .replace(
      /\.up_blocks\.(\d+)\.upsamplers\.0\./,
      (_, n) => `.up.${levels - 1 - Number(n)}.upsample.`,
    )
    .replace('.conv_shortcut.', '.nin_shortcut.')
}
