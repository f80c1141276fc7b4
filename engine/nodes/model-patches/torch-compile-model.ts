import { choice, defineNode, socket } from '../define.ts'
import { noted } from '../loader-notes.ts'

export const torchCompileModel = defineNode({
  type: 'TorchCompileModel',
  title: 'TorchCompileModel',
  category: '_for_testing',
  about: 'Passes the model on as it is: there is no PyTorch here that could compile it.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    backend: choice(['inductor', 'cudagraphs'], { about: 'Has no effect here.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model }) => ({
    ...noted([
      'Nothing was compiled: models run as finished graphs of fused operators here, not as PyTorch ' +
        'code. The picture is the same without this node.',
    ]),
    MODEL: model,
  }),
})
