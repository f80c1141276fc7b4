// Layouts of the networks that read text: see `layout.ts`.
import { each, type Layout, linear, matrix, norm, type Optional, scale } from './layout.ts'

/** Under `…text_model.`, transformers' names. */
export const clipLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        'embeddings.token_embedding.weight': ['WORDS', 'E'],
        'embeddings.position_embedding.weight': ['LENGTH', 'W'],
        ...norm('final_layer_norm', 'W'),
      },
      optional: [
        {
          tensors: matrix('embeddings.token_projection', 'E', 'W'),
          needed: size => size('E') !== size('W'),
        },
      ],
    },
    {
      at: 'encoder.layers.#',
      tensors: {
        ...norm('layer_norm1', 'W'),
        ...norm('layer_norm2', 'W'),
        ...linear('self_attn.q_proj', 'W', 'W'),
        ...linear('self_attn.k_proj', 'W', 'W'),
        ...linear('self_attn.v_proj', 'W', 'W'),
        ...linear('self_attn.out_proj', 'W', 'W'),
        ...linear('mlp.fc1', 'W', 'M'),
        ...linear('mlp.fc2', 'M', 'W'),
      },
    },
  ],
  counted: ['encoder.layers.#'],
}

export const t5Layout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        ...scale('encoder.final_layer_norm', 'W'),
        'shared.weight': ['WORDS', 'W'],
        'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': [32, 'HEADS'],
      },
      // Often kept twice.
      optional: [{ tensors: { 'encoder.embed_tokens.weight': ['WORDS', 'W'] } }],
    },
    {
      at: 'encoder.block.#.layer',
      tensors: {
        ...scale('0.layer_norm', 'W'),
        ...matrix('0.SelfAttention.q', 'W', 'I'),
        ...matrix('0.SelfAttention.k', 'W', 'I'),
        ...matrix('0.SelfAttention.v', 'W', 'I'),
        ...matrix('0.SelfAttention.o', 'I', 'W'),
        ...scale('1.layer_norm', 'W'),
        ...matrix('1.DenseReluDense.wi_0', 'W', 'M'),
        ...matrix('1.DenseReluDense.wi_1', 'W', 'M'),
        ...matrix('1.DenseReluDense.wo', 'M', 'W'),
      },
    },
  ],
  counted: ['encoder.block.#'],
}

/** A decoder of Llama's kind; what families add comes as further tensors of a block. */
const languageModel = (norms: readonly string[], optional: readonly Optional[]): Layout => ({
  parts: [
    {
      at: '',
      tensors: { 'embed_tokens.weight': ['WORDS', 'W'], ...scale('norm', 'W') },
    },
    {
      at: 'layers.#',
      tensors: {
        ...each(norms, name => scale(name, 'W')),
        ...matrix('self_attn.q_proj', 'W', 'Q'),
        ...matrix('self_attn.k_proj', 'W', 'K'),
        ...matrix('self_attn.v_proj', 'W', 'K'),
        ...matrix('self_attn.o_proj', 'Q', 'W'),
        ...matrix('mlp.gate_proj', 'W', 'M'),
        ...matrix('mlp.up_proj', 'W', 'M'),
        ...matrix('mlp.down_proj', 'M', 'W'),
      },
      optional,
    },
  ],
  counted: ['layers.#'],
})

const llamaNorms = ['input_layernorm', 'post_attention_layernorm']

/** Under `model.`. */
export const qwen25Layout: Layout = languageModel(llamaNorms, [
  {
    tensors: {
      'self_attn.q_proj.bias': ['Q'],
      'self_attn.k_proj.bias': ['K'],
      'self_attn.v_proj.bias': ['K'],
    },
    needed: () => true,
  },
])

export const qwen3Layout: Layout = languageModel(llamaNorms, [
  {
    tensors: { ...scale('self_attn.q_norm', 'HEAD'), ...scale('self_attn.k_norm', 'HEAD') },
    needed: () => true,
  },
])

export const gemma2Layout: Layout = languageModel(
  [...llamaNorms, 'pre_feedforward_layernorm', 'post_feedforward_layernorm'],
  [],
)
