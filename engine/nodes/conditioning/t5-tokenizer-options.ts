import { defineNode, int, socket } from '../define.ts'

const tokens = { default: 0, min: 0, max: 10000 }

export const t5TokenizerOptions = defineNode({
  type: 'T5TokenizerOptions',
  title: 'T5 Tokenizer Options',
  category: '_for_testing/conditioning',
  about: 'How far prompts are filled up for T5. Encoders without T5 stay as they are.',
  experimental: true,
  inputs: {
    clip: socket('CLIP'),
    min_padding: int({ ...tokens, about: 'So many empty tokens follow every prompt.' }),
    min_length: int({ ...tokens, about: 'Shorter prompts are filled up to this length.' }),
  },
  outputs: { CLIP: 'CLIP' },
  run: ({ clip, min_padding, min_length }) => ({
    CLIP: clip.withFilling?.({ padding: min_padding, length: min_length }) ?? clip,
  }),
})
