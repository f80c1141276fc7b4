// What diffusers calls the layers of diffusion transformers, whose checkpoints have their authors'
// names, and whose queries, keys and values are often one layer here and three there.
// https://github.com/huggingface/diffusers/tree/main/src/diffusers/models/transformers (Apache-2.0)
import type { Weight } from '../inference/weights.ts'

/** Rows of a weight: what of a layer's output a change concerns. */
export interface Rows {
  from: number
  count: number
}

/** A layer of the checkpoint, or some rows of it. */
export interface LayerTarget {
  /** Key without `.weight`. */
  layer: string
  rows?: Rows
  /** The file has the second half of the rows first. */
  swapped?: boolean
}

/** `#` is a number. Several names share the rows of the layer in this order. */
type Names = Readonly<Record<string, string | readonly string[]>>

const threeOf = (place: string, names: string) => names.split(' ').map(name => `${place}.${name}`)

const flux: Names = {
  'double_blocks.#.img_attn.qkv': threeOf('transformer_blocks.#.attn', 'to_q to_k to_v'),
  'double_blocks.#.txt_attn.qkv': threeOf(
    'transformer_blocks.#.attn',
    'add_q_proj add_k_proj add_v_proj',
  ),
  'double_blocks.#.img_attn.proj': 'transformer_blocks.#.attn.to_out.0',
  'double_blocks.#.txt_attn.proj': 'transformer_blocks.#.attn.to_add_out',
  'double_blocks.#.img_mlp.0': 'transformer_blocks.#.ff.net.0.proj',
  'double_blocks.#.img_mlp.2': 'transformer_blocks.#.ff.net.2',
  'double_blocks.#.txt_mlp.0': 'transformer_blocks.#.ff_context.net.0.proj',
  'double_blocks.#.txt_mlp.2': 'transformer_blocks.#.ff_context.net.2',
  'double_blocks.#.img_mod.lin': 'transformer_blocks.#.norm1.linear',
  'double_blocks.#.txt_mod.lin': 'transformer_blocks.#.norm1_context.linear',
  'single_blocks.#.linear1': [
    ...threeOf('single_transformer_blocks.#.attn', 'to_q to_k to_v'),
    'single_transformer_blocks.#.proj_mlp',
  ],
  'single_blocks.#.linear2': 'single_transformer_blocks.#.proj_out',
  'single_blocks.#.modulation.lin': 'single_transformer_blocks.#.norm.linear',
  img_in: 'x_embedder',
  txt_in: 'context_embedder',
  'time_in.in_layer': 'time_text_embed.timestep_embedder.linear_1',
  'time_in.out_layer': 'time_text_embed.timestep_embedder.linear_2',
  'vector_in.in_layer': 'time_text_embed.text_embedder.linear_1',
  'vector_in.out_layer': 'time_text_embed.text_embedder.linear_2',
  'guidance_in.in_layer': 'time_text_embed.guidance_embedder.linear_1',
  'guidance_in.out_layer': 'time_text_embed.guidance_embedder.linear_2',
  'final_layer.linear': 'proj_out',
  'final_layer.adaLN_modulation.1': 'norm_out.linear',
}

/** XLabs' trainer counts the streams: 1 is the picture, 2 the text. */
const fluxByXLabs: Names = {
  'double_blocks.#.img_attn.qkv': 'double_blocks.#.qkv_lora1',
  'double_blocks.#.txt_attn.qkv': 'double_blocks.#.qkv_lora2',
  'double_blocks.#.img_attn.proj': 'double_blocks.#.proj_lora1',
  'double_blocks.#.txt_attn.proj': 'double_blocks.#.proj_lora2',
}

const mmdit: Names = {
  'joint_blocks.#.x_block.attn.qkv': threeOf('transformer_blocks.#.attn', 'to_q to_k to_v'),
  'joint_blocks.#.context_block.attn.qkv': threeOf(
    'transformer_blocks.#.attn',
    'add_q_proj add_k_proj add_v_proj',
  ),
  'joint_blocks.#.x_block.attn2.qkv': threeOf('transformer_blocks.#.attn2', 'to_q to_k to_v'),
  'joint_blocks.#.x_block.attn.proj': 'transformer_blocks.#.attn.to_out.0',
  'joint_blocks.#.context_block.attn.proj': 'transformer_blocks.#.attn.to_add_out',
  'joint_blocks.#.x_block.attn2.proj': 'transformer_blocks.#.attn2.to_out.0',
  'joint_blocks.#.x_block.mlp.fc1': 'transformer_blocks.#.ff.net.0.proj',
  'joint_blocks.#.x_block.mlp.fc2': 'transformer_blocks.#.ff.net.2',
  'joint_blocks.#.context_block.mlp.fc1': 'transformer_blocks.#.ff_context.net.0.proj',
  'joint_blocks.#.context_block.mlp.fc2': 'transformer_blocks.#.ff_context.net.2',
  'joint_blocks.#.x_block.adaLN_modulation.1': 'transformer_blocks.#.norm1.linear',
  'joint_blocks.#.context_block.adaLN_modulation.1': 'transformer_blocks.#.norm1_context.linear',
  'x_embedder.proj': 'pos_embed.proj',
  't_embedder.mlp.0': 'time_text_embed.timestep_embedder.linear_1',
  't_embedder.mlp.2': 'time_text_embed.timestep_embedder.linear_2',
  'y_embedder.mlp.0': 'time_text_embed.text_embedder.linear_1',
  'y_embedder.mlp.2': 'time_text_embed.text_embedder.linear_2',
  'final_layer.linear': 'proj_out',
}

const luminaBlocks = ['layers', 'noise_refiner', 'context_refiner']

const lumina: Names = Object.assign(
  {},
  ...luminaBlocks.map(
    (blocks): Names => ({
      [`${blocks}.#.attention.qkv`]: threeOf(`${blocks}.#.attn`, 'to_q to_k to_v'),
      [`${blocks}.#.attention.out`]: `${blocks}.#.attn.to_out.0`,
      [`${blocks}.#.feed_forward.w1`]: `${blocks}.#.feed_forward.linear_1`,
      [`${blocks}.#.feed_forward.w2`]: `${blocks}.#.feed_forward.linear_2`,
      [`${blocks}.#.feed_forward.w3`]: `${blocks}.#.feed_forward.linear_3`,
      [`${blocks}.#.adaLN_modulation.1`]: `${blocks}.#.norm1.linear`,
    }),
  ),
  {
    'cap_embedder.1': 'time_caption_embed.caption_embedder.1',
    't_embedder.mlp.0': 'time_caption_embed.timestep_embedder.linear_1',
    't_embedder.mlp.2': 'time_caption_embed.timestep_embedder.linear_2',
    'final_layer.adaLN_modulation.1': 'norm_out.linear_1',
    'final_layer.linear': 'norm_out.linear_2',
  } satisfies Names,
)

const zImage: Names = Object.assign(
  {},
  ...luminaBlocks.map(
    (blocks): Names => ({
      [`${blocks}.#.attention.qkv`]: threeOf(`${blocks}.#.attention`, 'to_q to_k to_v'),
      [`${blocks}.#.attention.out`]: `${blocks}.#.attention.to_out.0`,
    }),
  ),
  {
    x_embedder: 'all_x_embedder.2-1',
    'final_layer.linear': 'all_final_layer.2-1.linear',
    'final_layer.adaLN_modulation.1': 'all_final_layer.2-1.adaLN_modulation.1',
  } satisfies Names,
)

/**
 * Where only a shift and a scale are made, diffusers has the scale first (AdaLayerNormContinuous): after
 * the last block, and for the text in SD3's last one.
 */
const scaleFirst = /^norm_out\.linear$|\.norm1_context\.linear$/

/** No two families share names for different layers, so all can be asked. */
const families = [flux, fluxByXLabs, mmdit, lumina, zImage]

type Alias = { name: string } & Omit<LayerTarget, 'layer'>

/** Diffusers' names of a checkpoint's layer (path below the prefix), with the rows each stands for. */
export function transformerAliases(path: string, { shape }: Weight): Alias[] {
  const numbers = path.match(/(?<=\.)\d+(?=\.)/)
  const pattern = path.replace(/\.\d+\./, '.#.')
  const named = (name: string) => name.replace('#', numbers?.[0] ?? '')
  return families.flatMap((names): Alias[] => {
    const found = names[pattern] ?? names[path]
    if (found === undefined) return []
    if (typeof found === 'string')
      return [{ name: named(found), swapped: scaleFirst.test(found) && shape[0] === 2 * shape[1]! }]
    return found.map((name, i) => ({ name: named(name), rows: rowsOf(shape, found.length, i) }))
  })
}

/** Queries are as wide as the layer's input; keys and values are alike; a fourth takes what is left. */
function rowsOf([all, inputs]: readonly number[], parts: number, index: number): Rows {
  const [rows, query] = [all!, inputs!]
  const other = parts === 3 ? (rows - query) / 2 : query
  const from = index === 0 ? 0 : query + (index - 1) * other
  return { from, count: index === 0 ? query : index === 3 ? rows - from : other }
}
