import { describe, expect, test } from 'vitest'
import type { Weight, Weights } from '../inference/weights.ts'
import { familiarControlNames } from './controlnet-names.ts'

const tensor = (offset: number): Weight => ({
  type: 'F16',
  shape: [1],
  file: '/models/controlnet/canny.safetensors',
  offset,
  length: 2,
})

function file(names: readonly string[]): Weights {
  const all = ['down_blocks.0.resnets.0.conv1.weight', 'down_blocks.0.resnets.1.conv1.weight']
  const tensors = new Map(
    ['controlnet_cond_embedding.conv_in.weight', ...all, ...names].map((name, i) => [
      name,
      tensor(i),
    ]),
  )
  return { file: '/models/controlnet/canny.safetensors', tensors, metadata: {} }
}

describe('a ControlNet in diffusers layout', () => {
  test.each([
    ['conv_in.weight', 'input_blocks.0.0.weight'],
    ['time_embedding.linear_2.bias', 'time_embed.2.bias'],
    ['add_embedding.linear_1.weight', 'label_emb.0.0.weight'],
    ['controlnet_cond_embedding.blocks.0.weight', 'input_hint_block.2.weight'],
    ['controlnet_cond_embedding.blocks.5.bias', 'input_hint_block.12.bias'],
    ['controlnet_cond_embedding.conv_out.weight', 'input_hint_block.14.weight'],
    ['controlnet_down_blocks.11.weight', 'zero_convs.11.0.weight'],
    ['controlnet_mid_block.bias', 'middle_block_out.0.bias'],
    ['down_blocks.1.resnets.0.conv_shortcut.weight', 'input_blocks.4.0.skip_connection.weight'],
    ['down_blocks.1.resnets.1.norm2.bias', 'input_blocks.5.0.out_layers.0.bias'],
    ['down_blocks.2.attentions.1.proj_in.weight', 'input_blocks.8.1.proj_in.weight'],
    [
      'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight',
      'input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight',
    ],
    ['down_blocks.0.downsamplers.0.conv.weight', 'input_blocks.3.0.op.weight'],
    ['mid_block.attentions.0.norm.weight', 'middle_block.1.norm.weight'],
    ['mid_block.resnets.1.time_emb_proj.weight', 'middle_block.2.emb_layers.1.weight'],
  ])('%s is %s', (name, familiar) => {
    const weights = file([name])
    const found = familiarControlNames(weights).tensors.get(familiar)
    expect(found).toBe(weights.tensors.get(name))
  })

  test('what a union has beside keeps its name, but for torch’s joined projection', () => {
    const names = ['task_embedding', 'transformer_layes.0.attn.in_proj_weight']
    const { tensors } = familiarControlNames(file(names))
    expect([...tensors.keys()].slice(-2)).toEqual([
      'task_embedding',
      'transformer_layes.0.attn.in_proj.weight',
    ])
  })

  test('one in the other layout stays as it is', () => {
    const other: Weights = { file: '/x', tensors: new Map([['a.weight', tensor(0)]]), metadata: {} }
    expect(familiarControlNames(other)).toBe(other)
  })
})
