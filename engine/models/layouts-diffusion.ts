// Layouts of the networks that draw, and of the autoencoders they draw for: see `layout.ts`.
import {
  conv,
  each,
  type Layout,
  linear,
  matrix,
  norm,
  type Part,
  scale,
  type Tensors,
} from './layout.ts'

const unetPlaces = 'input_blocks.#.#|output_blocks.#.#|middle_block.#'

/** @param seen the width that `attn1` looks at: the picture's, but for some blocks of an upscaler */
const unetBlocks = (seen: 'd' | 's'): readonly Part[] => [
  {
    at: unetPlaces,
    tensors: {
      ...norm('in_layers.0', 'in'),
      ...conv('in_layers.2', 'in', 'out'),
      ...linear('emb_layers.1', 'TIME', 'out'),
      ...norm('out_layers.0', 'out'),
      ...conv('out_layers.3', 'out', 'out'),
    },
    optional: [
      {
        tensors: conv('skip_connection', 'in', 'out', 1),
        needed: size => size('in') !== size('out'),
      },
    ],
  },
  {
    at: unetPlaces,
    tensors: {
      ...norm('norm', 'c'),
      ...linear('proj_in', 'c', 'i'),
      ...linear('proj_out', 'i', 'c'),
    },
  },
  {
    at: unetPlaces
      .split('|')
      .map(at => `${at}.transformer_blocks.#`)
      .join('|'),
    tensors: {
      ...norm('norm1', 'd'),
      ...norm('norm2', 'd'),
      ...norm('norm3', 'd'),
      ...matrix('attn1.to_q', 'd', 'i'),
      ...matrix('attn1.to_k', seen, 'i'),
      ...matrix('attn1.to_v', seen, 'i'),
      ...linear('attn1.to_out.0', 'i', 'd'),
      ...matrix('attn2.to_q', 'd', 'i'),
      ...matrix('attn2.to_k', 'TEXT', 'i'),
      ...matrix('attn2.to_v', 'TEXT', 'i'),
      ...linear('attn2.to_out.0', 'i', 'd'),
      ...linear('ff.net.0.proj', 'd', '2f'),
      ...linear('ff.net.2', 'f', 'd'),
    },
  },
  { at: 'input_blocks.#.#', tensors: conv('op', 'c', 'c') },
  { at: 'output_blocks.#.#', tensors: conv('conv', 'c', 'c') },
  { at: 'input_blocks.0.0', tensors: conv('', 'LATENT', 'C') },
  {
    at: '',
    tensors: { ...linear('time_embed.0', 'C', 'TIME'), ...linear('time_embed.2', 'TIME', 'TIME') },
    optional: [
      { tensors: matrix('time_embed.cond_proj', 'GUIDANCE', 'C') },
      {
        tensors: {
          ...linear('label_emb.0.0', 'Y', 'TIME'),
          ...linear('label_emb.0.2', 'TIME', 'TIME'),
        },
      },
    ],
  },
]

const unetOut: Part = { at: 'out', tensors: { ...norm('0', 'C'), ...conv('2', 'C', 'OUT') } }

export const unetLayout: Layout = {
  parts: [...unetBlocks('d'), unetOut],
  counted: ['input_blocks.#', 'output_blocks.#', ...blocksOf(unetPlaces)],
}

/** A UNet that enlarges a picture: it has an embedding for each level of noise on that. */
export const upscalerUnetLayout: Layout = {
  ...unetLayout,
  parts: [
    ...unetBlocks('s'),
    unetOut,
    { at: 'label_emb', tensors: { weight: ['LEVELS', 'TIME'] } },
  ],
}

/** A UNet's first half with its own outputs; lllyasviel's layout. */
export const controlNetLayout: Layout = {
  parts: [
    ...unetBlocks('d').filter(({ at }) => at !== 'output_blocks.#.#'),
    { at: 'zero_convs.#.0|middle_block_out.0', tensors: conv('', 'c', 'c', 1) },
    { at: 'input_hint_block.#', tensors: conv('', 'a', 'b') },
  ],
  counted: ['input_blocks.#', 'zero_convs.#', ...blocksOf(unetPlaces)],
}

function blocksOf(places: string): string[] {
  return places.split('|').map(at => `${at}.transformer_blocks.#`)
}

const vaeBlock = (at: string): Part => ({
  at,
  tensors: {
    ...norm('norm1', 'in'),
    ...conv('conv1', 'in', 'out'),
    ...norm('norm2', 'out'),
    ...conv('conv2', 'out', 'out'),
  },
  optional: [
    { tensors: conv('nin_shortcut', 'in', 'out', 1), needed: size => size('in') !== size('out') },
  ],
})

const vaeAttention = (at: string): Part => ({
  at,
  tensors: {
    ...norm('norm', 'c'),
    ...conv('q', 'c', 'c', 1),
    ...conv('k', 'c', 'c', 1),
    ...conv('v', 'c', 'c', 1),
    ...conv('proj_out', 'c', 'c', 1),
  },
})

/** Four channels: of Stable Diffusion's own kind, whose latents pass a layer on their way. */
const ofStableDiffusion = (size: (name: string) => number) => size('Z') === 4

export const vaeDecoderLayout: Layout = {
  parts: [
    vaeBlock('decoder.mid.block_1|decoder.mid.block_2'),
    vaeBlock('decoder.up.#.block.#'),
    vaeAttention('decoder.mid.attn_1'),
    { at: 'decoder.up.#.upsample', tensors: conv('conv', 'c', 'c') },
    {
      at: '',
      tensors: {
        ...conv('decoder.conv_in', 'Z', 'TOP'),
        ...norm('decoder.norm_out', 'C'),
        ...conv('decoder.conv_out', 'C', 3),
      },
      optional: [{ tensors: conv('post_quant_conv', 'Z', 'Z', 1), needed: ofStableDiffusion }],
    },
  ],
  counted: ['decoder.up.#', 'decoder.up.#.block.#'],
}

export const vaeEncoderLayout: Layout = {
  parts: [
    vaeBlock('encoder.mid.block_1|encoder.mid.block_2'),
    vaeBlock('encoder.down.#.block.#'),
    vaeAttention('encoder.mid.attn_1'),
    { at: 'encoder.down.#.downsample', tensors: conv('conv', 'c', 'c') },
    {
      at: '',
      tensors: {
        ...conv('encoder.conv_in', 3, 'C'),
        ...norm('encoder.norm_out', 'TOP'),
        ...conv('encoder.conv_out', 'TOP', '2Z'),
      },
      optional: [{ tensors: conv('quant_conv', '2Z', '2Z', 1), needed: ofStableDiffusion }],
    },
  ],
  counted: ['encoder.down.#', 'encoder.down.#.block.#'],
}

/** Two layers with SiLU between them. */
const embedder = (name: string, [first, second]: readonly string[], from: string | number) => ({
  ...linear(`${name}.${first}`, from, 'H'),
  ...linear(`${name}.${second}`, 'H', 'H'),
})
const fluxEnds = ['in_layer', 'out_layer']

export const fluxLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        ...linear('img_in', 'PATCH', 'H'),
        ...linear('txt_in', 'TEXT', 'H'),
        ...embedder('time_in', fluxEnds, 256),
        ...embedder('vector_in', fluxEnds, 'Y'),
        ...linear('final_layer.linear', 'H', 'OUT'),
        ...linear('final_layer.adaLN_modulation.1', 'H', '2H'),
      },
      optional: [{ tensors: embedder('guidance_in', fluxEnds, 256) }],
    },
    {
      at: 'double_blocks.#',
      tensors: { ...fluxStream('img'), ...fluxStream('txt') },
    },
    {
      at: 'single_blocks.#',
      tensors: {
        ...linear('modulation.lin', 'H', '3H'),
        ...linear('linear1', 'H', '3H+M'),
        ...linear('linear2', 'H+M', 'H'),
        'norm.query_norm.scale': ['HEAD'],
        'norm.key_norm.scale': ['HEAD'],
      },
    },
  ],
  counted: ['double_blocks.#', 'single_blocks.#'],
}

function fluxStream(name: string) {
  return {
    ...linear(`${name}_mod.lin`, 'H', '6H'),
    ...linear(`${name}_attn.qkv`, 'H', '3H'),
    ...linear(`${name}_attn.proj`, 'H', 'H'),
    [`${name}_attn.norm.query_norm.scale`]: ['HEAD'],
    [`${name}_attn.norm.key_norm.scale`]: ['HEAD'],
    ...linear(`${name}_mlp.0`, 'H', 'M'),
    ...linear(`${name}_mlp.2`, 'M', 'H'),
  }
}

const headNorms = (attention: string) => ({
  tensors: { ...scale(`${attention}.ln_q`, 'HEAD'), ...scale(`${attention}.ln_k`, 'HEAD') },
})
const mmditRest = {
  ...linear('attn.proj', 'H', 'H'),
  ...linear('mlp.fc1', 'H', 'M'),
  ...linear('mlp.fc2', 'M', 'H'),
}

export const mmditLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        ...conv('x_embedder.proj', 'LATENT', 'H', 2),
        pos_embed: [1, 'PLACES', 'H'],
        ...linear('context_embedder', 'TEXT', 'H'),
        ...embedder('t_embedder.mlp', ['0', '2'], 256),
        ...embedder('y_embedder.mlp', ['0', '2'], 'Y'),
        ...linear('final_layer.linear', 'H', 'OUT'),
        ...linear('final_layer.adaLN_modulation.1', 'H', '2H'),
      },
    },
    {
      at: 'joint_blocks.#.x_block',
      tensors: {
        ...linear('adaLN_modulation.1', 'H', 'm'),
        ...linear('attn.qkv', 'H', '3H'),
        ...mmditRest,
      },
      optional: [
        headNorms('attn'),
        {
          tensors: { ...linear('attn2.qkv', 'H', '3H'), ...linear('attn2.proj', 'H', 'H') },
          needed: size => size('m') === 9 * size('H'),
        },
        headNorms('attn2'),
      ],
    },
    {
      at: 'joint_blocks.#.context_block',
      tensors: { ...linear('adaLN_modulation.1', 'H', 'm'), ...linear('attn.qkv', 'H', '3H') },
      optional: [
        headNorms('attn'),
        // The last block has no use for its text.
        { tensors: mmditRest, needed: size => size('m') === 6 * size('H') },
      ],
    },
  ],
  counted: ['joint_blocks.#'],
}

/** @param timeKey the layer of a block that hears of the time */
const nextDit = (timeKey: string, more: Tensors): Layout => ({
  parts: [
    {
      at: '',
      tensors: {
        ...linear('x_embedder', 'PATCH', 'H'),
        ...scale('cap_embedder.0', 'TEXT'),
        ...linear('cap_embedder.1', 'TEXT', 'H'),
        ...linear('t_embedder.mlp.0', 256, 'A'),
        ...linear('t_embedder.mlp.2', 'A', 'V'),
        ...linear('final_layer.linear', 'H', 'PATCH'),
        ...linear('final_layer.adaLN_modulation.1', 'V', 'H'),
        ...more,
      },
      optional: [{ tensors: scale('norm_final', 'H') }],
    },
    {
      at: 'layers.#|noise_refiner.#|context_refiner.#',
      tensors: {
        ...matrix('attention.qkv', 'H', 'QKV'),
        ...matrix('attention.out', 'H', 'H'),
        ...scale('attention.q_norm', 'HEAD'),
        ...scale('attention.k_norm', 'HEAD'),
        ...scale('attention_norm1', 'H'),
        ...scale('attention_norm2', 'H'),
        ...scale('ffn_norm1', 'H'),
        ...scale('ffn_norm2', 'H'),
        ...matrix('feed_forward.w1', 'H', 'F'),
        ...matrix('feed_forward.w2', 'F', 'H'),
        ...matrix('feed_forward.w3', 'H', 'F'),
      },
      optional: [
        {
          tensors: linear(timeKey, 'V', '4H'),
          needed: (_, place) => !place.startsWith('context_refiner'),
        },
      ],
    },
  ],
  counted: ['layers.#', 'noise_refiner.#', 'context_refiner.#'],
})

export const luminaLayout = nextDit('adaLN_modulation.1', {})
/** It learnt what fills up its sequences. */
export const zImageLayout = nextDit('adaLN_modulation.0', {
  x_pad_token: [1, 'H'],
  cap_pad_token: [1, 'H'],
})

const qwenProjections = [
  ...['to_q', 'to_k', 'to_v', 'to_out.0'],
  ...['add_q_proj', 'add_k_proj', 'add_v_proj', 'to_add_out'],
]

export const qwenImageLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        ...linear('img_in', 'PATCH', 'H'),
        ...scale('txt_norm', 'TEXT'),
        ...linear('txt_in', 'TEXT', 'H'),
        ...embedder('time_text_embed.timestep_embedder', ['linear_1', 'linear_2'], 256),
        ...linear('norm_out.linear', 'H', '2H'),
        ...linear('proj_out', 'H', 'OUT'),
      },
    },
    {
      at: 'transformer_blocks.#',
      tensors: {
        ...each(qwenProjections, name => linear(`attn.${name}`, 'H', 'H')),
        ...scale('attn.norm_q', 'HEAD'),
        ...scale('attn.norm_k', 'HEAD'),
        ...scale('attn.norm_added_q', 'HEAD'),
        ...scale('attn.norm_added_k', 'HEAD'),
        ...qwenStream('img'),
        ...qwenStream('txt'),
      },
    },
  ],
  counted: ['transformer_blocks.#'],
}

function qwenStream(name: string) {
  return {
    ...linear(`${name}_mod.1`, 'H', '6H'),
    ...linear(`${name}_mlp.net.0.proj`, 'H', 'M'),
    ...linear(`${name}_mlp.net.2`, 'M', 'H'),
  }
}
