// Diffusion transformers as diffusers saves them, under their authors' names. Parts of one tensor
// that diffusers has as several are numbered: `qkv.0` … Final layers are not renamed: diffusers
// orders theirs otherwise.
// https://github.com/huggingface/diffusers/blob/main/scripts/convert_flux_to_diffusers.py and
// https://github.com/huggingface/diffusers/blob/main/scripts/convert_sd3_to_diffusers.py
import type { Weight, Weights } from '../inference/weights.ts'
import { diffusionPrefix } from './transformer.ts'

type Renames = readonly (readonly [pattern: RegExp, name: string])[]

const sd3: Renames = [
  [/^pos_embed\.pos_embed$/, 'pos_embed'],
  [/^pos_embed\.proj\./, 'x_embedder.proj.'],
  [/^time_text_embed\.timestep_embedder\.linear_1\./, 't_embedder.mlp.0.'],
  [/^time_text_embed\.timestep_embedder\.linear_2\./, 't_embedder.mlp.2.'],
  [/^time_text_embed\.text_embedder\.linear_1\./, 'y_embedder.mlp.0.'],
  [/^time_text_embed\.text_embedder\.linear_2\./, 'y_embedder.mlp.2.'],
  [/^transformer_blocks\.(\d+)\./, 'joint_blocks.$1.'],
  [/\.attn(2?)\.to_q\./, '.x_block.attn$1.qkv.0.'],
  [/\.attn(2?)\.to_k\./, '.x_block.attn$1.qkv.1.'],
  [/\.attn(2?)\.to_v\./, '.x_block.attn$1.qkv.2.'],
  [/\.attn(2?)\.to_out\.0\./, '.x_block.attn$1.proj.'],
  [/\.attn(2?)\.norm_([qk])\./, '.x_block.attn$1.ln_$2.'],
  [/\.attn\.add_q_proj\./, '.context_block.attn.qkv.0.'],
  [/\.attn\.add_k_proj\./, '.context_block.attn.qkv.1.'],
  [/\.attn\.add_v_proj\./, '.context_block.attn.qkv.2.'],
  [/\.attn\.to_add_out\./, '.context_block.attn.proj.'],
  [/\.attn\.norm_added_([qk])\./, '.context_block.attn.ln_$1.'],
  [/\.norm1\.linear\./, '.x_block.adaLN_modulation.1.'],
  [/\.norm1_context\.linear\./, '.context_block.adaLN_modulation.1.'],
  [/\.ff\.net\.0\.proj\./, '.x_block.mlp.fc1.'],
  [/\.ff\.net\.2\./, '.x_block.mlp.fc2.'],
  [/\.ff_context\.net\.0\.proj\./, '.context_block.mlp.fc1.'],
  [/\.ff_context\.net\.2\./, '.context_block.mlp.fc2.'],
]

const flux: Renames = [
  [/^x_embedder\./, 'img_in.'],
  [/^context_embedder\./, 'txt_in.'],
  [/^time_text_embed\.timestep_embedder\./, 'time_in.'],
  [/^time_text_embed\.guidance_embedder\./, 'guidance_in.'],
  [/^time_text_embed\.text_embedder\./, 'vector_in.'],
  [/^(time_in|guidance_in|vector_in)\.linear_1\./, '$1.in_layer.'],
  [/^(time_in|guidance_in|vector_in)\.linear_2\./, '$1.out_layer.'],
  [/^single_transformer_blocks\.(\d+)\.attn\.to_q\./, 'single_blocks.$1.linear1.0.'],
  [/^single_transformer_blocks\.(\d+)\.attn\.to_k\./, 'single_blocks.$1.linear1.1.'],
  [/^single_transformer_blocks\.(\d+)\.attn\.to_v\./, 'single_blocks.$1.linear1.2.'],
  [/^single_transformer_blocks\.(\d+)\.proj_mlp\./, 'single_blocks.$1.linear1.3.'],
  [/^single_transformer_blocks\.(\d+)\.proj_out\./, 'single_blocks.$1.linear2.'],
  [/^single_transformer_blocks\.(\d+)\.norm\.linear\./, 'single_blocks.$1.modulation.lin.'],
  [
    /^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight/,
    'single_blocks.$1.norm.query_norm.scale',
  ],
  [
    /^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight/,
    'single_blocks.$1.norm.key_norm.scale',
  ],
  [/^transformer_blocks\.(\d+)\./, 'double_blocks.$1.'],
  [/\.attn\.to_q\./, '.img_attn.qkv.0.'],
  [/\.attn\.to_k\./, '.img_attn.qkv.1.'],
  [/\.attn\.to_v\./, '.img_attn.qkv.2.'],
  [/\.attn\.to_out\.0\./, '.img_attn.proj.'],
  [/\.attn\.norm_q\.weight/, '.img_attn.norm.query_norm.scale'],
  [/\.attn\.norm_k\.weight/, '.img_attn.norm.key_norm.scale'],
  [/\.attn\.add_q_proj\./, '.txt_attn.qkv.0.'],
  [/\.attn\.add_k_proj\./, '.txt_attn.qkv.1.'],
  [/\.attn\.add_v_proj\./, '.txt_attn.qkv.2.'],
  [/\.attn\.to_add_out\./, '.txt_attn.proj.'],
  [/\.attn\.norm_added_q\.weight/, '.txt_attn.norm.query_norm.scale'],
  [/\.attn\.norm_added_k\.weight/, '.txt_attn.norm.key_norm.scale'],
  [/\.norm1\.linear\./, '.img_mod.lin.'],
  [/\.norm1_context\.linear\./, '.txt_mod.lin.'],
  [/\.ff\.net\.0\.proj\./, '.img_mlp.0.'],
  [/\.ff\.net\.2\./, '.img_mlp.2.'],
  [/\.ff_context\.net\.0\.proj\./, '.txt_mlp.0.'],
  [/\.ff_context\.net\.2\./, '.txt_mlp.2.'],
]

const families = { sd3, flux }

/** Every tensor of a file, with the prefix that networks are read under. */
export function authorsNames(weights: Weights, family: keyof typeof families): Weights {
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors) {
    const own = families[family].reduce((so, [pattern, to]) => so.replace(pattern, to), name)
    tensors.set(diffusionPrefix + own, tensor)
  }
  return { ...weights, tensors }
}
