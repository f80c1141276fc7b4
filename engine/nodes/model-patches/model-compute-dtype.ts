import { choice, defineNode, socket } from '../define.ts'
import { noted } from '../loader-notes.ts'

export const modelComputeDtype = defineNode({
  type: 'ModelComputeDtype',
  title: 'ModelComputeDtype',
  category: 'advanced/debug/model',
  about:
    'Passes the model on as it is: models are computed with 32 bits, whatever they are stored in, or ' +
    'with 8 where the settings say so.',
  inputs: {
    model: socket('MODEL'),
    dtype: choice(['default', 'fp32', 'fp16', 'bf16'], {
      about: 'default and fp32 are what happens; fp16 and bf16 have no effect.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, dtype }) => ({
    ...noted(
      dtype === 'fp16' || dtype === 'bf16'
        ? [
            `${dtype} has no effect: models are computed with 32 bits here, or with 8 where the settings say so.`,
          ]
        : [],
    ),
    MODEL: model,
  }),
})
